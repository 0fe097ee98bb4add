"""Reconciling: what is told of money in several places, held against each other; and what a partner is told of a day."""
