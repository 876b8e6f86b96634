"""Bytes in; the answer waits for delivery."""
