"""The benchmarks themselves: that they count right and run to their end, never how fast anything is."""
