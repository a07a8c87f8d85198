"""The running service as a whole: limits, abuse, outages, backups, and the shapes of its databases."""
