"""Pictures of the dashboards: real answers of a real Prometheus, drawn with Grafana's own components."""
