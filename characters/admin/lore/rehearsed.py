"""The lorebook of a rehearsal: what is stored, compiled once, and the entry that is open in the editor."""

from collections.abc import Mapping
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
    """A draft's lorebook as it is stored; `places` has the place of each entry of its own, by row."""

    entries: tuple[Entry, ...]
    places: Mapping[int, int]
    books: tuple[content.Content, ...]  # the shared ones, for their rules


@lru_cache(maxsize=MOST_BOOKS)
def _stored(pk: int, digest: str) -> _Stored:
    """By the draft's digest, which is another one after each save."""
    character = Character.objects.get(pk=pk)
    own = character.lore.all()
    books = content.books_of(character)
    entries = [*content.entries_of(own), *(entry for book in books for entry in book["entries"])]
    book = lorebook_of(dict.fromkeys(RULES), entries)
    places = {row: place for place, row in enumerate(own.values_list("pk", flat=True))}
    return _Stored(book.entries, places, tuple({**book, "entries": []} for book in books))


def lorebook_of_draft(character: Character, typed: QueryDict) -> Lorebook:
    """The lorebook of a draft whose fields are as they are typed, with the entry that `typed` has."""
    nothing = _Stored((), {}, ())
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
    place = stored.places.get(row.pk) if row else None
    if place is None:
        entries.append(replace(entry, number=len(entries)))
    else:
        entries[place] = replace(entry, number=place)
    return replace(book, entries=tuple(entries))
