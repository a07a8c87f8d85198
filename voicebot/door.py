"""The door: who is let in, on what conditions, and what each visitor holds while inside."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from sessions_app.database import in_database
from sessions_app.exceptions import OriginRefused
from sessions_app.manager import TOUCH_SECS, SessionManager
from sessions_app.session import Session
from voicebot import limits, origins
from voicebot.seats import seats


class Door:
    """One connection's way in: origin, seat, place among its address's connections, token.

    What was taken on the way is given back by `leave`, however far it went.
    """

    def __init__(self, scope: Mapping[str, Any], connection: UUID):
        self._scope = scope
        self._connection = connection
        self._headers = {
            name.decode("latin1"): value.decode("latin1") for name, value in scope.get("headers", ())
        }
        self._seated = False
        self._place: limits.Place | None = None

    async def enter(self, manager: SessionManager) -> Session:
        """Checks what there is to check, and takes the session over. Raises SessionError."""
        headers = self._headers
        if not await origins.may_come_in(headers.get("origin"), headers.get("host", "")):
            raise OriginRefused
        seats.take()
        self._seated = True
        peer = (self._scope.get("client") or ("", 0))[0]
        address = limits.address_of(headers, peer)
        self._place = await in_database(limits.take_place, address, str(self._connection))
        token = parse_qs(self._scope["query_string"].decode("latin1")).get("token", [""])[0]
        return await manager.open(self._scope["url_route"]["kwargs"]["session_id"], token, self._connection)

    async def stay(self, manager: SessionManager, session: Session) -> datetime:
        """A sign of life, every TOUCH_SECS: when the session ends now. Raises SessionError."""

        def still_here() -> datetime:
            expires_at = manager.sync.touch(session.id, self._connection)
            limits.talked(session.visitor, TOUCH_SECS)
            if self._place:
                self._place.keep()
            return expires_at

        return await in_database(still_here)

    async def leave(self) -> None:
        """Gives back seat and place. Does nothing the second time."""
        place, self._place = self._place, None
        if self._seated:
            self._seated = False
            seats.leave()
        if place:
            await in_database(place.leave)
