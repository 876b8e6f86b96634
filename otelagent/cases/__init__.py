"""Recorded runs as cases: what was said, asked and returned, without the dialect that reported it."""
