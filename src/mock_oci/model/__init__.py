"""What the local models say, and which models there are."""
