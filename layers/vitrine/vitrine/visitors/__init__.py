"""Who the visitor is and what is known about them."""
