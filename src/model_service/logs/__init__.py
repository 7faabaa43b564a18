"""Write one JSON line per event, with everything secret taken out."""
