"""Notices: what people are told, when they may be, and by which channel."""
