"""Asking the real service: with whose credentials, at which host, and over what."""
