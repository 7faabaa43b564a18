"""Cannot be imported."""

raise ImportError("this function needs what is not installed")
