"""The history: finding runs, one in full, figures, what moved; and how the index behind it is filled."""
