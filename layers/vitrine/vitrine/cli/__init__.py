"""The vitrine command."""
