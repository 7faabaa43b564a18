"""Is never reached."""
