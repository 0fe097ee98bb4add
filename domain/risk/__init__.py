"""Risk: signals that somebody is not who they seem, from how people sign in and apply. None of it reaches a score."""
