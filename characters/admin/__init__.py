"""Character admin: characters are written, tried out, compared and published."""

from characters.admin.character import CharacterAdmin

__all__ = ["CharacterAdmin"]
