"""What was shown and what came of it: the log, exploring, and odds bands that must keep their word."""
