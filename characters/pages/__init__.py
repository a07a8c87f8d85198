"""What visitors find of characters: the gallery, the picture that a link shows, a sample of the voice."""

from characters.pages import language_line, public_text, share, views, voice

__all__ = ["language_line", "public_text", "share", "views", "voice"]
