"""Who used what: a record for each call, what it cost, and the sums over many."""
