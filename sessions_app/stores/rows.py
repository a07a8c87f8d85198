"""Rows of the database as records: what Django and psycopg give, in the stores' own words."""

from collections.abc import Mapping
from typing import Any

from sessions_app.models import DataKey, VoiceSession
from sessions_app.stores.records import Record, TurnRecord
from sessions_app.stores.statements import ROW_COLUMNS


def record_with_key(row: VoiceSession, key_id: str | None, wrapped_key: bytes | memoryview | None) -> Record:
    """The record of a row and of its data key; memoryviews become bytes, the foreign key its slug.

    A session whose data key is gone, after a restore without it, has one that no key ring unwraps.
    """
    values = {name: getattr(row, name) for name in ROW_COLUMNS if name != "character"}
    values["metadata"] = bytes(values["metadata"])
    return Record(
        character=row.character_id, key_id=key_id or "", wrapped_key=bytes(wrapped_key or b""), **values
    )


def record_of(row: VoiceSession) -> Record:
    """The record of a row that was selected together with its data key."""
    key: DataKey | None = getattr(row, "data_key", None)
    return record_with_key(row, key.key_id, key.wrapped_key) if key else record_with_key(row, None, None)


def changed_record_of(row: Any) -> Record:
    """The record of a row that CHANGE has returned."""
    return record_with_key(row, row.key_id, row.wrapped_key)


def turn_of(values: Mapping[str, Any]) -> TurnRecord:
    return TurnRecord(**{**values, "sealed": bytes(values["sealed"])})
