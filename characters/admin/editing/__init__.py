"""Editing: several people at one form, and what is typed and not saved yet."""

from characters.admin.editing.stale_saves import RefusesStaleSaves
from characters.admin.editing.unsaved import Unsaved, account_name

__all__ = ["RefusesStaleSaves", "Unsaved", "account_name"]
