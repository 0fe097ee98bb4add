"""Tiers, plans and benefits: the room of marketing. Nothing below it may know that it exists."""
