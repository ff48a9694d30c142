"""The wire and the files: strict contracts, mapped to and from the domain types."""
