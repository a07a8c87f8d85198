"""Django's PostgreSQL backend as Greenroom needs it: see `base`."""
