"""`with_session`: handlers that get the session, not its id."""

import asyncio
import copy
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from sessions_app.manager import SessionManager
from sessions_app.session import Session, as_uuid, same_json


@dataclass(frozen=True, slots=True)
class ClientMessage:
    """What a client asked: the kind of message and its data. Its repr shows no words."""

    id: str
    type: str
    data: Any

    def __repr__(self) -> str:
        return f"<ClientMessage {self.id}>"


Handler = Callable[[Session, ClientMessage], Awaitable[Any]]
Wrapped = Callable[[UUID | str, ClientMessage], Awaitable[Any]]

# Kept as long as somebody waits for one or holds it.
_locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()


def with_session(handler: Handler, manager: SessionManager | None = None) -> Wrapped:
    """Turns `handler(session, message)` into `wrapper(session_id, message)`.

    Loads the session, refuses one that is over, saves what the handler changed in `session.metadata`, and
    extends the session's life. What others change meanwhile stays as they made it. Handlers of one session
    run one at a time and in the order in which they were called; those of different sessions run together.
    A handler that raises changes nothing.

    The wrapper raises SessionNotFound, SessionExpired, SessionEnded, what the handler raises, and
    BadRequest or TooLarge for metadata that cannot be kept.
    """
    keeper = manager or SessionManager()

    @functools.wraps(handler)
    async def wrapper(session_id: UUID | str, message: ClientMessage) -> Any:
        key = as_uuid(session_id)
        lock = _locks.setdefault(key, asyncio.Lock())
        async with lock:
            session = await keeper.get(key)
            before = copy.deepcopy(session.metadata)
            answer = await handler(session, message)
            if not same_json(session.metadata, before):
                await keeper.save(key, before, session.metadata)
            if session.live:
                await keeper.touch(key)
            return answer

    return wrapper
