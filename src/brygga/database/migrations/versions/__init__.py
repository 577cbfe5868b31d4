"""One change of shape per file; the name starts with its number."""
