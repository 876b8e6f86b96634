"""What is normal: tokens per task, a tool's results, staging against production. Sketches and counts, no content."""
