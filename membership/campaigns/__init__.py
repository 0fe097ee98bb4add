"""Campaigns: what marketing tells some of the members, and grants them, for a while; with a few left out by lot to compare with."""
