"""Who calls: principals, their keys and tokens, request signatures, and permissions."""
