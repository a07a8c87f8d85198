"""The owner of a conversation: what it needs of the connection that has it."""

import asyncio
from typing import Protocol
from uuid import UUID

from sessions_app.manager import SessionManager
from voicebot.transport import Line


class Connection(Protocol):
    manager: SessionManager
    connection: UUID
    torn_down: asyncio.Event
    closing: bool
    line: Line

    async def close_with(self, code: int, reason: str, why: str = "") -> None: ...

    async def replaced(self) -> None: ...
