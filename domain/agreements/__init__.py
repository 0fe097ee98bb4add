"""Agreements: accepted offers in force, from the acceptance to the last cent."""
