"""Usage: a record for each call, its cost, and sums of records."""
