"""Invitations: a partner asks people by their numbers to apply, and learns of nobody who does not."""
