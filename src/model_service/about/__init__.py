"""What the service says of itself: whether it is alive and ready, and which operations it has. Loaded on first use."""
