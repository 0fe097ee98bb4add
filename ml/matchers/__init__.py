"""The matcher: who would be approved for what, who would want it, and in which order it is shown."""
