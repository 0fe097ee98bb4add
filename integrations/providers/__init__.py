"""Account providers: each a description and at most a few quirks; one flow for all of them."""
