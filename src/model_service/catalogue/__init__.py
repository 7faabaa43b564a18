"""Which models a caller may call, and what is known of each: loaded with the first request for a list of models."""
