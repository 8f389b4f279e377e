"""Runs: from an accepted event to its effects, each exactly once."""
