"""Bills that people download at a company and show us: read, shown back, and counted only once they say so."""
