"""The list of zaps as it is shown, and what is done with many of them. Called by the pages about zaps."""
