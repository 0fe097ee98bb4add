"""Registers: who knows for sure whose a name, a number, a phone or an account is."""
