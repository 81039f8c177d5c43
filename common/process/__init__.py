"""What watcher and worker processes have in common: start and end, logs, probes, metrics."""
