"""Detectors of our own for otelagent."""
