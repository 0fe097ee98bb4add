"""Runs: what is done for everybody, a range of people at a time."""
