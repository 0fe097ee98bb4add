"""Everybody at once: sweeps, whom each product reaches, what happened with it, and what other rules would change."""
