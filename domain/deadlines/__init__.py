"""Deadlines: by when what was promised is to be done, and what happens when it is not."""
