"""A visitor's own conversations: listed, named, searched.

Names and words are sealed like everything else, so a search opens what it looks through, here in memory: a
bounded number of turns, newest conversations first.
"""

from dataclasses import dataclass

from sessions_app.exceptions import RecordUnreadable
from sessions_app.history import Turn
from sessions_app.manager import SyncSessionManager
from sessions_app.records import Record
from sessions_app.session import metadata_of, sealer_of

TITLE = "conversationTitle"  # in the metadata, so that it is sealed with them
MOST_SESSIONS = 100
MOST_TURNS = 5_000  # that one search opens
TITLE_CHARACTERS = 80
AROUND = 60  # characters on each side of what was found


@dataclass(frozen=True, slots=True)
class Entry:
    """One conversation on the shelf. `found` is where the searched words stand, '' without a search."""

    record: Record
    title: str
    found: str = ""

    def __repr__(self) -> str:
        return f"<Entry {self.record.id}>"


def snippet(text: str, words: str) -> str:
    """The part of `text` in which `words` stand, '' if they do not, whatever their case."""
    at = text.casefold().find(words.casefold())
    if at < 0:
        return ""
    start, end = max(0, at - AROUND), at + len(words) + AROUND
    return ("…" if start else "") + text[start:end].strip() + ("…" if end < len(text) else "")


def title_of(manager: SyncSessionManager, record: Record) -> str:
    """The name that the visitor gave it, else the first thing they said."""
    sealer = sealer_of(record)
    given = metadata_of(record, sealer).get(TITLE)
    if isinstance(given, str) and given:
        return given
    for turn in manager.store.first_turns(record.id, 3):
        if turn.role == "user":
            return Turn.opened(turn, sealer).text[:TITLE_CHARACTERS]
    return ""


def shelf(manager: SyncSessionManager, visitor: str, character: str = "", words: str = "") -> list[Entry]:
    """The visitor's conversations, the last active first; with `words`, those in which they stand.

    One that cannot be opened any more is listed without a name.
    """
    records = [r for r in manager.of_visitor(visitor) if not character or r.character == character]
    entries, left = [], MOST_TURNS
    for record in records[:MOST_SESSIONS]:
        try:
            title = title_of(manager, record)
            if not words:
                entries.append(Entry(record, title))
                continue
            if left <= 0:
                break
            turns = manager.history(record.id, newest=left)
        except RecordUnreadable:
            entries += [] if words else [Entry(record, "")]
            continue
        left -= len(turns)
        found = next(filter(None, (snippet(turn.text, words) for turn in reversed(turns))), "")
        if found or snippet(title, words):
            entries.append(Entry(record, title, found or title))
    return entries
