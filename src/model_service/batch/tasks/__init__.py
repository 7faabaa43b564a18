"""Read the tasks file: what to ask about a record, and where its answer goes."""
