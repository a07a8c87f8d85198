"""The session manager: the one way to make, read, change and end sessions.

`SyncSessionManager` serves commands and the admin; `SessionManager` is the same for async code, which runs
it in the database threads.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from sessions_app.archive import Archive
from sessions_app.database import in_database
from sessions_app.history import Past, Turn
from sessions_app.lifecycle import TOUCH_SECS, Clock, as_uuid
from sessions_app.records import Record
from sessions_app.session import Session
from sessions_app.stores.base import Removed, Store

__all__ = ["TOUCH_SECS", "SessionManager", "SyncSessionManager", "as_uuid"]


class SyncSessionManager(Archive):
    """Sessions for synchronous code."""


class SessionManager:
    """Sessions for async code: each method as on `SyncSessionManager`, run in a database thread."""

    def __init__(self, store: Store | None = None, clock: Clock = timezone.now):
        self.sync = SyncSessionManager(store, clock)

    async def create(
        self,
        *,
        character: str,
        visitor: str,
        metadata: Mapping[str, Any] | None = None,
        draft: bool = False,
    ) -> Session:
        return await in_database(
            self.sync.create, character=character, visitor=visitor, metadata=metadata, draft=draft
        )

    async def resume(self, session_id: UUID | str, visitor: str, token: str = "") -> Session:
        return await in_database(self.sync.resume, session_id, visitor, token)

    async def open(self, session_id: UUID | str, token: str, connection: UUID) -> Session:
        return await in_database(self.sync.open, session_id, token, connection)

    async def get(self, session_id: UUID | str) -> Session:
        return await in_database(self.sync.get, session_id)

    async def update(
        self,
        session_id: UUID | str,
        *,
        metadata: Mapping[str, Any] | None = None,
        replace: bool = False,
        client_version: str | None = None,
    ) -> Session:
        return await in_database(
            self.sync.update, session_id, metadata=metadata, replace=replace, client_version=client_version
        )

    async def touch(self, session_id: UUID | str, connection: UUID | None = None) -> datetime:
        return await in_database(self.sync.touch, session_id, connection)

    async def disconnect(
        self,
        session_id: UUID | str,
        connection: UUID,
        *,
        latency_ms: int | None = None,
        secs: float = 0.0,
        errors: int = 0,
    ) -> None:
        await in_database(
            self.sync.disconnect, session_id, connection, latency_ms=latency_ms, secs=secs, errors=errors
        )

    async def end(self, session_id: UUID | str, reason: str) -> bool:
        return await in_database(self.sync.end, session_id, reason)

    async def erase(self, session_id: UUID | str) -> Removed:
        return await in_database(self.sync.erase, session_id)

    async def purge(self, now: datetime | None = None, *, batch: int = 500) -> dict[str, int]:
        return await in_database(self.sync.purge, now, batch=batch)

    async def owned(self, session_id: UUID | str, visitor: str, token: str = "") -> Record:
        return await in_database(self.sync.owned, session_id, visitor, token)

    async def of_visitor(self, visitor: str) -> list[Record]:
        return await in_database(self.sync.of_visitor, visitor)

    async def erase_visitor(self, visitor: str, character: str = "") -> Removed:
        return await in_database(self.sync.erase_visitor, visitor, character)

    async def annotate(self, session_id: UUID | str, metadata: Mapping[str, Any]) -> Record:
        return await in_database(self.sync.annotate, session_id, metadata)

    async def history(
        self, session_id: UUID | str, *, after: int = 0, newest: int | None = None
    ) -> list[Turn]:
        return await in_database(self.sync.history, session_id, after=after, newest=newest)

    async def past(self, session_id: UUID | str, newest: int) -> Past:
        return await in_database(self.sync.past, session_id, newest)

    async def keep_summary(self, session_id: UUID | str, upto: int, text: str) -> bool:
        return await in_database(self.sync.keep_summary, session_id, upto, text)

    async def append(self, session_id: UUID | str, turns: Sequence[Turn]) -> None:
        await in_database(self.sync.append, session_id, turns)

    async def switch(self, session_id: UUID | str, character: str) -> Session:
        return await in_database(self.sync.switch, session_id, character)
