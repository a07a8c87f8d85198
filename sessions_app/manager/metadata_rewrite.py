"""Metadata rewrite: opened, changed, checked and sealed anew, with as many writers at once as come."""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from sessions_app.exceptions import LimitReached
from sessions_app.manager.reader import LIVE, SessionReader
from sessions_app.session import SESSION_TABLE, checked_metadata, sealer_of
from sessions_app.stores import CONTENTION_TRIES, Condition, Record

Rewrite = Callable[[dict[str, Any]], Any]


def rewrite(
    reader: SessionReader,
    session_id: UUID,
    new: Rewrite,
    *,
    states: Collection[str] = LIVE,
    more: Mapping[str, Any] | None = None,
) -> Record:
    """Changes the metadata to what `new` makes of them, and the fields of `more`, as one step.

    Of several writers each builds on what the other wrote. Raises LimitReached if there are too many, what
    `SessionReader.get` raises, and BadRequest or TooLarge for what cannot be kept.
    """
    for attempt in range(CONTENTION_TRIES):
        fresh = attempt > 0
        live = states == LIVE
        record = reader.live_record(session_id, fresh=fresh) if live else reader.record(session_id)
        changes = {**_metadata_changes(record, new), **(more or {})}
        condition = Condition(states, equal={"metadata_sequence": record.metadata_sequence})
        changed = reader.store.change(session_id, changes, condition)
        if changed is not None:
            return changed
    raise LimitReached("Too many changes of one conversation at once. Try again.")


def _metadata_changes(record: Record, new: Rewrite) -> dict[str, Any]:
    sealer, sequence = sealer_of(record), record.metadata_sequence + 1
    old = sealer.open(SESSION_TABLE, "metadata", record.metadata_sequence, record.metadata)
    return {
        "metadata": sealer.seal(SESSION_TABLE, "metadata", sequence, checked_metadata(new(old))),
        "metadata_sequence": sequence,
    }
