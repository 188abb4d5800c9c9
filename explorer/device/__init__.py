"""Running models on the device: the decode worker, its jobs, queue, threads, memory and telemetry."""
