"""Doors that exist on the embedded default only: kept messages, the clock, the sandbox."""
