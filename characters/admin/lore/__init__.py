"""The editor of lorebooks: entries as light rows of which one is open, of a character or shared."""

from characters.admin.lore.book_admin import LorebookAdmin
from characters.admin.lore.entries import LoreEditor
from characters.admin.lore.files import LorebookFiles
from characters.admin.lore.form import LoreForm
from characters.admin.lore.sharing import Sharing

__all__ = ["LoreEditor", "LoreForm", "LorebookAdmin", "LorebookFiles", "Sharing"]
