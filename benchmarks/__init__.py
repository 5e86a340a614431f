"""What this server does per second, beside what the machine could do: `python -m benchmarks`."""
