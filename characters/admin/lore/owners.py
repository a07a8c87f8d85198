"""Whose entries are edited: a character's own, or a shared lorebook's; who may, and what an edit leads to."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from characters.cards import card_limits
from characters.models import Character, Lorebook
from characters.versions import publishing, shared_books

Owner = Character | Lorebook
VIEW, CHANGE = "characters.view_loreentry", "characters.change_loreentry"
MOST_ENTRIES = card_limits.LORE_ENTRIES


def owner_of(request: HttpRequest, model: Any, pk: int, permission: str, *, lock: bool = False) -> Any:
    """The character or shared lorebook; with `lock` nobody else edits its entries in this transaction.

    Raises PermissionDenied, Http404.
    """
    if not request.user.has_perm(permission):
        raise PermissionDenied
    rows = model.objects.select_for_update(no_key=True) if lock else model.objects
    return get_object_or_404(rows, pk=pk)


def changed(owner: Owner) -> None:
    """Call when entries of a lorebook were changed."""
    if isinstance(owner, Character):
        publishing.changed_draft(owner)
    else:
        owner.save(update_fields=["updated_at"])
        shared_books.changed_book(owner)
