"""What the store sells and how lists of it are packed."""
