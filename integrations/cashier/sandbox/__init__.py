"""The cashier of the embedded default: it has no money, and goes otherwise when it is asked to."""
