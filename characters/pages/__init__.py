"""What visitors find of characters: the gallery, and the picture that a link shows."""

from characters.pages import share, views

__all__ = ["share", "views"]
