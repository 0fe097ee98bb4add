"""Odds bands: what stands behind each, and whether it keeps its word."""
