"""Watching the live model: are today's people those of training, does it say the truth, whom does it approve."""
