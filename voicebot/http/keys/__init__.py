"""API keys at the JSON API: which scope opens which operation, and what only keys may ask for."""
