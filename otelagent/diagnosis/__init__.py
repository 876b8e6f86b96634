"""The offline workflow, on the same fold as the sidecar."""
