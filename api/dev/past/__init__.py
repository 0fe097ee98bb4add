"""A past of invented people, so that a house on its first day has something to show; embedded default only."""
