"""Disputes: a person's no to what their score was made of, and what staff answer."""
