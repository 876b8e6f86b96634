"""From a failing trace to a small test: cases, replay, reduction, and the package that is written."""
