"""One Grafana dashboard per file, as declarations."""
