"""What was and is: pages of runs, one run in full, figures of zaps, what moved. Reads rows; decides nothing."""
