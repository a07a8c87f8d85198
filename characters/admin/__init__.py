"""The editor's desk: characters are written, tried out and published here."""

from characters.admin.character import CharacterAdmin

__all__ = ["CharacterAdmin"]
