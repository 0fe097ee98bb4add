"""Which models are live, and who said so."""
