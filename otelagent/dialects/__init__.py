"""One file per instrumentation: its attributes become a Step."""
