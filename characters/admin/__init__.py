"""Character admin: characters are written, tried out, compared and published; and what guards any form."""

from characters.admin.character import CharacterAdmin
from characters.admin.editing import RefusesStaleSaves, account_name
from characters.admin.home import drafts_for
from characters.admin.lore import LorebookAdmin

__all__ = ["CharacterAdmin", "LorebookAdmin", "RefusesStaleSaves", "account_name", "drafts_for"]
