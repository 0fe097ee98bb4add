"""The business in plain words. Knows SQLAlchemy and nothing above it."""
