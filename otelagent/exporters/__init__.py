"""Bytes out, one attempt each."""
