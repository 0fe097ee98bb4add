"""What a person shares with a partner on the partner's own website: OAuth's code flow, as the business knows it."""
