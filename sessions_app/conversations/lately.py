"""What was said to a character lately, opened for staff who may read transcripts: bounded, newest first.

Nothing of it is kept: it is opened from the sealed turns each time, so that what is erased, expired or past
its retention is in no list.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sessions_app.exceptions import RecordUnreadable, SessionNotFound
from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession
from sessions_app.session import Turn, sealer_of

MOST_TALKS = 100  # conversations that one reading opens, the last active ones
MOST_TURNS = 2_000  # of all of them together
LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Talk:
    """One visitor's conversation, as far as it was opened. Its repr shows no words."""

    session: VoiceSession
    turns: list[Turn]

    def __repr__(self) -> str:
        return f"<Talk {self.session.pk} of {len(self.turns)} turns>"


def talks_lately(
    manager: SyncSessionManager, character: str, *, most: int = MOST_TALKS, turns: int = MOST_TURNS
) -> Iterator[Talk]:
    """Visitors' conversations with a character, without those in which an editor tried a draft.

    One that cannot be opened, or is erased meanwhile, is left out.
    """
    rows = VoiceSession.objects.filter(
        character_id=character, draft=False, turns__gt=1, active_at__gte=manager.clock() - LATELY
    ).select_related("character")[:most]
    found = {row.pk: row for row in rows}
    records = manager.store.newest_turns(list(found), turns)
    for session_id, row in found.items():
        if not records.get(session_id):
            continue
        try:
            sealer = sealer_of(manager.record(session_id))
            turns_of = reversed(records[session_id])
            yield Talk(row, [Turn.opened(record, sealer) for record in turns_of])
        except (RecordUnreadable, SessionNotFound):
            continue
