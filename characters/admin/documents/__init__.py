"""Documents at the desk: files dropped on a character, their progress and pieces, taken away and shared."""

from characters.admin.documents.desk import Documents

__all__ = ["Documents"]
