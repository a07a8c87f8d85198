"""A soak with faults made on purpose: `make chaos`."""

import os

os.environ.setdefault(
    "DJANGO_SETTINGS_MODULE", "config.settings"
)  # what is shared with the tests asks for them
