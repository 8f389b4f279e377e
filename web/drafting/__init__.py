"""What surrounds drawing a zap, as frozen values for pages: tests, rehearsals, what switching on means, versions."""
