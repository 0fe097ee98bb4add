"""Matches: who may have what, in which order, what was shown of it and what came of that."""
