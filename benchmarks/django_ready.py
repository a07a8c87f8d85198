"""Sets Django up when it is imported: before what has models, or reads settings, at its top."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
