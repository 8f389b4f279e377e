"""Real processes, killed with SIGKILL: what every other test only imitates."""
