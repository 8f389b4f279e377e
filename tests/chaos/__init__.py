"""The harness: kills the engine and disturbs everything around it, and compares what was accepted with what was done.

    python -m tests.chaos --kills 10 --events 500 --seed 7

docs/reliability.md tells what it does and what it measured.
"""
