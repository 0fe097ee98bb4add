"""Partners, products and matches."""
