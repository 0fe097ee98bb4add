"""The page about a training: one HTML file that needs no other host."""
