"""The wire: strict contracts, mapped to and from the domain types."""
