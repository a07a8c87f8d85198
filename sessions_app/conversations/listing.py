"""Conversation list: a visitor's own, listed, named, searched, page by page in a fixed number of statements.

Names and words are sealed like everything else, so a search opens what it looks through, here in memory: a
bounded number of turns, newest conversations first.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sessions_app.crypto import Sealer
from sessions_app.exceptions import BadRequest, RecordUnreadable
from sessions_app.manager import SyncSessionManager
from sessions_app.session import Turn, metadata_of, sealer_of
from sessions_app.stores import PageEnd, Record, TurnRecord

TITLE = "conversationTitle"  # in the metadata, so that it is sealed with them
MOST_SESSIONS = 100  # of one page
SEARCH_TURNS = 5_000  # that one page of a search opens
TITLE_CHARACTERS = 80
AROUND = 60  # characters on each side of what was found


@dataclass(frozen=True, slots=True)
class ListedConversation:
    """One conversation of the list. `found` is where the searched words stand, '' without a search."""

    record: Record
    title: str
    found: str = ""

    def __repr__(self) -> str:
        return f"<ListedConversation {self.record.id}>"


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """Some of a visitor's conversations, and the mark from which the next page goes on, '' after the last."""

    entries: Sequence[ListedConversation]
    next: str


def mark_of(record: Record) -> str:
    """What a client gives back to go on after this session."""
    text = f"{record.active_at.isoformat()} {record.id.hex}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def page_end_of(mark: str) -> PageEnd | None:
    """Where a mark says to go on, None for ''. Raises BadRequest."""
    if not mark:
        return None
    try:
        text = base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)).decode()
        moment, _, session_id = text.partition(" ")
        active_at = datetime.fromisoformat(moment)
        if active_at.tzinfo is None:
            raise ValueError("a time without a zone")
        return PageEnd(active_at, UUID(session_id))
    except (ValueError, binascii.Error) as error:
        raise BadRequest("`after` is what `next` of the page before said.") from error


def snippet(text: str, words: str) -> str:
    """The part of `text` in which `words` stand, '' if they do not, whatever their case."""
    at = text.casefold().find(words.casefold())
    if at < 0:
        return ""
    start, end = max(0, at - AROUND), at + len(words) + AROUND
    return ("…" if start else "") + text[start:end].strip() + ("…" if end < len(text) else "")


def _title(record: Record, sealer: Sealer, first: TurnRecord | None) -> str:
    """The name that the visitor gave it, else the first thing they said."""
    given = metadata_of(record, sealer).get(TITLE)
    if isinstance(given, str) and given:
        return given
    return Turn.opened(first, sealer).text[:TITLE_CHARACTERS] if first else ""


def _entry(
    record: Record, firsts: Mapping[UUID, TurnRecord], turns: Sequence[TurnRecord], words: str
) -> ListedConversation | None:
    """The entry of a conversation, None if it does not hold the words that are searched.

    One that cannot be opened any more is listed without a name.
    """
    try:
        sealer = sealer_of(record)
        title = _title(record, sealer, firsts.get(record.id))
        if not words:
            return ListedConversation(record, title)
        found = next(filter(None, (snippet(Turn.opened(t, sealer).text, words) for t in turns)), "")
    except RecordUnreadable:
        return None if words else ListedConversation(record, "")
    return ListedConversation(record, title, found or title) if found or snippet(title, words) else None


def list_conversations(
    manager: SyncSessionManager,
    visitor: str,
    character: str = "",
    words: str = "",
    *,
    after: str = "",
    limit: int = MOST_SESSIONS,
) -> ConversationPage:
    """A page of the visitor's conversations, the last active first; with `words`, those in which they stand.

    A page of a search looks through `limit` conversations, and may find none while later ones do. Raises
    BadRequest.
    """
    limit = max(1, min(limit, MOST_SESSIONS))
    place = page_end_of(after)
    records = manager.of_visitor(visitor, character=character, after=place, limit=limit + 1)
    more, records = len(records) > limit, records[:limit]
    ids = [record.id for record in records]
    firsts = manager.store.first_words(ids)
    turns = manager.store.newest_turns(ids, SEARCH_TURNS) if words else {}
    if words and sum(map(len, turns.values())) >= SEARCH_TURNS:
        # The next page goes on with the first conversation that was not opened.
        last = max((place for place, key in enumerate(ids) if key in turns), default=0)
        more, records = more or last + 1 < len(records), records[: last + 1]
    entries = [_entry(record, firsts, turns.get(record.id, ()), words) for record in records]
    return ConversationPage(
        [entry for entry in entries if entry], mark_of(records[-1]) if more and records else ""
    )
