"""Webhooks: what happens to a partner's applications is told to its server, signed, in order, until the server has it."""
