"""Work on records that arrive unattended: ask a model about each, and deliver each answer exactly once."""
