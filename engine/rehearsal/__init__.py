"""Rehearsals: what a zap would do with the last records of its trigger. Nothing is created, nothing is remembered."""
