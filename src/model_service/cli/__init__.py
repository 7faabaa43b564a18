"""What people type: the subcommands of ``python -m model_service``."""
