"""What a person allows a partner."""
