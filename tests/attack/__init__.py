"""`make attack`: hostile callers, hostile answers, kills, torn files and a soak, bounded in count and time."""
