"""Scheduled precomputation: from the event lake to a published release."""
