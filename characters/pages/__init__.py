"""What visitors find of characters: the gallery, and the picture that a link shows."""

from characters.pages import language_line, share, views

__all__ = ["language_line", "share", "views"]
