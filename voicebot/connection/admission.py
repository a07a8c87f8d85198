"""Admission: who is let in, on what conditions, and what each connection holds while it is in."""

import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.conf import settings
from django.core.exceptions import DisallowedHost

from sessions_app.database import in_database
from sessions_app.exceptions import OriginRefused, PlainText, SessionNotFound
from sessions_app.manager import SessionManager
from sessions_app.network import address_of
from sessions_app.session import Session
from voicebot.connection import origins, rate_limits
from voicebot.ops import Capacity, Lease, SharedCounts


@dataclass(frozen=True)
class Entry:
    """Who wants to come in, and where: `address` is the client's; `check` raises SessionError."""

    session_id: UUID | str
    token: str
    address: str
    check: Callable[[], Awaitable[None]]


def entry_of_socket(scope: Mapping[str, Any]) -> Entry:
    """The entry of a WebSocket: its origin, which nobody else has looked at, is checked."""
    headers = {name.decode("latin1"): value.decode("latin1") for name, value in scope.get("headers", ())}
    peer = (scope.get("client") or ("", 0))[0]
    token = parse_qs(scope["query_string"].decode("latin1")).get("token", [""])[0]

    async def check() -> None:
        """Raises PlainText, or OriginRefused: for a host that is not ours, too."""
        if settings.REQUIRE_TLS and scope.get("scheme") != "wss":
            raise PlainText
        try:
            own = origins.own_of_socket(scope, headers)
        except DisallowedHost as error:
            raise OriginRefused from error
        if not await origins.may_come_in(headers.get("origin"), own):
            raise OriginRefused

    return Entry(scope["url_route"]["kwargs"]["session_id"], token, address_of(headers, peer), check)


class Admission:
    """One connection's admission: origin, capacity, lease among its address's connections, token.

    What was taken on the way is given back by `release`, however far it went: also what a database thread
    takes when nobody waits for it any more.
    """

    def __init__(self, entry: Entry, connection: UUID, capacity: Capacity, counts: SharedCounts):
        self._entry, self._connection = entry, connection
        self._capacity, self._counts = capacity, counts
        self._seated = False
        self._lock = threading.Lock()
        self._left = False
        self._lease: Lease | None = None
        self._session: Session | None = None
        self._charged_until = 0.0  # of the connection's seconds: so many are counted already

    async def admit(self, manager: SessionManager) -> Session:
        """Checks what there is to check, and takes the session over. Raises SessionError."""
        entry = self._entry
        await entry.check()
        self._capacity.take()
        self._seated = True

        def come_in() -> Session:
            place = rate_limits.take_connection_lease(self._counts, entry.address, str(self._connection))
            if not self._hold(place=place):
                place.leave()
                raise SessionNotFound
            session = manager.sync.open(entry.session_id, entry.token, self._connection, entry.address)
            if not self._hold(session=session):
                manager.sync.disconnect(session.id, self._connection)
                raise SessionNotFound
            rate_limits.check_day(self._counts, session.visitor)
            return session

        return await in_database(come_in)

    def _hold(self, *, place: Lease | None = None, session: Session | None = None) -> bool:
        """Notes what was taken; False if the connection has left meanwhile, and it has to go back."""
        with self._lock:
            if self._left:
                return False
            self._lease, self._session = place or self._lease, session or self._session
            return True

    async def heartbeat(self, manager: SessionManager, session: Session, secs: float) -> datetime:
        """The heartbeat of a connection that has lasted `secs`: when the session ends now.

        Raises SessionError.
        """

        def still_here() -> datetime:
            expires_at = manager.sync.touch(session.id, self._connection)
            if self._lease:
                self._lease.keep()
            self._charge(session.visitor, secs)
            return expires_at

        return await in_database(still_here)

    def _charge(self, visitor: str, secs: float) -> None:
        """Counts the whole seconds since they were last counted. Raises DayUsedUp."""
        with self._lock:
            due = int(secs - self._charged_until)
            self._charged_until += due
        rate_limits.charge_talk(self._counts, visitor, due)

    def close(self) -> UUID | None:
        """Lets nothing more be taken; the session that was, if it was."""
        with self._lock:
            self._left = True
            return self._session.id if self._session else None

    async def release(self, secs: float) -> None:
        """Gives back capacity and lease, after a connection of `secs`. Does nothing the second time."""
        self.close()
        place, self._lease = self._lease, None
        session, self._session = self._session, None
        if self._seated:
            self._seated = False
            self._capacity.leave()

        def give_back() -> None:
            if place:
                place.leave()
            if session:
                with suppress(rate_limits.DayUsedUp):  # whoever comes next hears of it
                    self._charge(session.visitor, secs)

        if place or session:
            await in_database(give_back)
