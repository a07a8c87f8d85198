"""Counting of usage: what is written of it, so that each amount counts once.

Of a session each connection (a `part`) writes totals that only grow, and the larger one stays: written again,
late or out of order, they change nothing. They travel with a turn, in its statement; see `TurnRecord.usage`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from sessions_app.models import Usage, VoiceSession

TABLE, SESSIONS = Usage._meta.db_table, VoiceSession._meta.db_table
KEY, AMOUNTS = Usage.KEY, Usage.AMOUNTS
TEXT_LENGTHS = {"provider": 200, "model": 200, "character": 50}  # columns that others name
TYPES = {"part": "uuid", "day": "date", "api_key": "bigint", **dict.fromkeys(AMOUNTS, "bigint")}
COLUMNS = ("part", *KEY, "api_key", *AMOUNTS)

Row = Mapping[str, Any]  # by COLUMNS; amounts that are 0 may be missing


def _list(names: Iterable[str], of: str = "") -> str:
    return ", ".join(f'{of}"{name}"' for name in names)


GIVEN = "jsonb_to_recordset(%s::jsonb) AS given({})".format(
    ", ".join(f'"{name}" {TYPES.get(name, "text")}' for name in COLUMNS)
)
_GIVEN_AMOUNTS = ", ".join(f'COALESCE(given."{name}", 0)' for name in AMOUNTS)
_LARGER = ", ".join(f'"{name}" = GREATEST("{TABLE}"."{name}", excluded."{name}")' for name in AMOUNTS)
_MORE = ", ".join(f'"{name}" = "{TABLE}"."{name}" + excluded."{name}"' for name in AMOUNTS)
_IN_SUM = f"ON CONFLICT ({_list([*KEY, 'api_key'])}) WHERE session_id IS NULL DO UPDATE SET {_MORE}"

# A part of a statement that has the session's id as `held`; its parameter is what `rows` gives.
KEEP = f"""
    INSERT INTO "{TABLE}" (session_id, {_list(COLUMNS)})
    SELECT held.id, {_list(["part", *KEY, "api_key"], "given.")}, {_GIVEN_AMOUNTS} FROM {GIVEN}, held
    ON CONFLICT (session_id, part, {_list(KEY)}) WHERE session_id IS NOT NULL DO UPDATE SET {_LARGER}
"""  # noqa: S608
# Parts of a statement that has sessions to be removed as `due`: what they used goes on in sums.
FORGET = f"""
    used AS (
        DELETE FROM "{TABLE}" USING due WHERE session_id = due.id RETURNING "{TABLE}".*
    ), summed AS (
        INSERT INTO "{TABLE}" ({_list([*KEY, "api_key", *AMOUNTS])})
        SELECT {_list([*KEY, "api_key"])}, {", ".join(f'sum("{name}")::bigint' for name in AMOUNTS)}
        FROM used GROUP BY {_list([*KEY, "api_key"])} ORDER BY {_list([*KEY, "api_key"])}
        {_IN_SUM}
    )
"""  # noqa: S608
ADD = f"""
    INSERT INTO "{TABLE}" ({_list([*KEY, "api_key", *AMOUNTS])})
    SELECT {_list([*KEY, "api_key"], "given.")}, {_GIVEN_AMOUNTS} FROM {GIVEN}
    ORDER BY {_list([*KEY, "api_key"], "given.")}
    {_IN_SUM}
"""  # noqa: S608


def packed(given: Iterable[Row]) -> str:
    """Rows as text, '' for none."""
    found = [
        {
            name: value[: TEXT_LENGTHS[name]] if name in TEXT_LENGTHS else value
            for name, value in row.items()
            if value or name not in AMOUNTS
        }
        for row in given
    ]
    return json.dumps(found, default=str) if found else ""


def rows(texts: Iterable[str]) -> str:
    """What several `packed` texts come to, as a statement takes it: of each row the largest amounts."""
    merged: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in (row for text in texts if text for row in json.loads(text)):
        known = merged.setdefault(tuple(row.get(name) for name in ("part", *KEY)), row)
        for name in AMOUNTS:
            known[name] = max(known.get(name, 0), row.get(name, 0))
    return json.dumps(list(merged.values()))


def keep(session_id: UUID, text: str, *, in_rows: bool) -> None:
    """Writes what a session has used; nothing, if it is in rows and erased."""
    held = f'SELECT id FROM "{SESSIONS}" WHERE id = %s FOR SHARE' if in_rows else "SELECT %s::uuid AS id"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"WITH held AS ({held}) {KEEP}", [session_id, rows([text])])


def add(text: str) -> None:
    """Adds to the sums what is of no session. Raises what the database raises: it may have counted then."""
    with connection.cursor() as cursor:
        cursor.execute(ADD, [text])


def forget(session_ids: Sequence[UUID]) -> None:
    """Sessions that are in no rows are removed: what they used goes on in sums."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH due AS (SELECT unnest(%s::uuid[]) AS id), {FORGET} SELECT 1", [list(session_ids)]
        )
