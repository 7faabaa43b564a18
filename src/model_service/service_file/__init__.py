"""The service file: which models there are, who may use what of them, and what they cost."""
