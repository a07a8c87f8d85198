"""Where speech and language come from."""
