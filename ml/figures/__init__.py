"""Figures of rankings, probabilities and shifts, by arithmetic alone."""
