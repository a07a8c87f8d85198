"""A soak with faults made on purpose: `make chaos`."""
