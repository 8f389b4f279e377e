"""Triggers: what is due, what is new, and what became an event."""
