"""Pushes to people's devices, by those who make the devices or their apps."""
