"""Vitrine: what one visitor of an online store sees on one page, decided in milliseconds."""
