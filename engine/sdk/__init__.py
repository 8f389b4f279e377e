"""All that a connector may use. Connector authors import it as `zapwerk`; it imports nothing else of ours."""
