"""What each kind of product costs: one file a kind."""
