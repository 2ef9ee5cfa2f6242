"""The fault matrix: faults of the venue, killed processes and doubled messages, all at once, on real processes."""
