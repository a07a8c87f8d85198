"""The lorebook of a rehearsal: what is stored, compiled once, and the entry that is open in the editor."""

from dataclasses import dataclass, replace
from functools import lru_cache

from django.http import QueryDict

from characters import content
from characters.admin.lore.form import LoreForm
from characters.admin.request_values import number
from characters.lore import RULES, Entry, Lorebook, lorebook_of
from characters.models import Character, LoreEntry

PREFIX, NEW = "_entry", "new"
MOST_BOOKS = 4  # that are kept compiled: one for each editor who types


@dataclass(frozen=True)
class _Stored:
    """A draft's lorebook as it is stored, its own entries first."""

    entries: tuple[Entry, ...]
    books: tuple[content.Content, ...]  # the shared ones, for their rules


@lru_cache(maxsize=MOST_BOOKS)
def _stored(pk: int, digest: str) -> _Stored:
    """By the draft's digest, which is another one after each save."""
    character = Character.objects.get(pk=pk)
    own = character.lore.all()
    books = content.books_of(character)
    entries = [*content.entries_of(own), *(entry for book in books for entry in book["entries"])]
    book = lorebook_of(dict.fromkeys(RULES), entries)
    return _Stored(book.entries, tuple({**book, "entries": []} for book in books))


def lorebook_of_draft(character: Character, typed: QueryDict) -> Lorebook:
    """The lorebook of a draft whose fields are as they are typed, with the entry that `typed` has."""
    nothing = _Stored((), ())
    stored = _stored(character.pk, character.digest) if character.pk else nothing
    rules = {**{rule: getattr(character, rule) for rule in RULES}, "books": stored.books}
    book = replace(lorebook_of(rules, []), entries=stored.entries)
    asked = typed.get(PREFIX, "")
    if not asked:
        return book
    row = character.lore.filter(pk=number(asked)).first() if character.pk else None
    form = LoreForm(typed, instance=row or LoreEntry(), prefix=PREFIX)
    form.is_valid()
    (entry,) = lorebook_of(dict.fromkeys(RULES), [content.lore_of(form.instance)]).entries
    entries = list(stored.entries)
    # Asked anew: rows may be others while all that they say is the same, and so is the digest.
    own = list(character.lore.values_list("pk", flat=True)) if row else []
    if row is None or row.pk not in own:
        entries.append(replace(entry, number=len(entries)))
    else:
        place = own.index(row.pk)
        entries[place] = replace(entry, number=place)
    return replace(book, entries=tuple(entries))
