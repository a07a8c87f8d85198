"""Character admin: characters are written, tried out, compared and published; and what guards any form."""

from characters.admin.character import CharacterAdmin
from characters.admin.editing import RefusesStaleSaves

__all__ = ["CharacterAdmin", "RefusesStaleSaves"]
