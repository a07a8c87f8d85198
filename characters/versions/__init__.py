"""Versions: a draft is published, withdrawn, rolled back, copied, thrown away; what changed between two."""

from characters.versions import bin, differences, publishing, shared_books
from characters.versions.duplicate import duplicate

__all__ = ["bin", "differences", "duplicate", "publishing", "shared_books"]
