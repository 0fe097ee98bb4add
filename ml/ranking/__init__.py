"""Rankers compared on any table of interactions, and policies valued from the log of another."""
