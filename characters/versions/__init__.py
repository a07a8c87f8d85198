"""Versions: a draft is published, withdrawn, rolled back; and what changed between two."""

from characters.versions import differences, publishing, shared_books

__all__ = ["differences", "publishing", "shared_books"]
