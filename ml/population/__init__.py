"""People who do not exist: the simulated population that the built-in models learn from."""
