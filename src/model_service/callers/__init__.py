"""Who calls, what a caller may use and spend, and what belongs to whom."""
