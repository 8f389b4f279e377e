"""Backups: making them, reading them back, restoring, and what happens to an installation that was copied."""
