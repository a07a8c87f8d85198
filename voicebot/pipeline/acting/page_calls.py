"""Page calls: functions of the embedding page or client, asked by RTVI and answered by client message.

The page gets the server message `tool-call` with `id`, `tool` and `arguments`; it answers with the client
message `tool.result`: the same `id`, and `result`, or `error` as a sentence.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from voicebot.tools import ToolFailed

RESULT, ANSWER = "tool.result", "tool.answer"
ERROR_CHARACTERS = 200


class PageCalls:
    """Those of one connection that wait for their answer."""

    def __init__(self, send: Callable[[Any], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: dict[str, asyncio.Future[Any]] = {}

    async def ask(self, call_id: str, name: str, arguments: Mapping[str, Any]) -> Any:
        """Waits for the page; cancelled, the page hears so. Raises ToolFailed if it cannot do it."""
        answer = self._waiting[call_id] = asyncio.get_running_loop().create_future()
        try:
            message = {"type": "tool-call", "id": call_id, "tool": name, "arguments": dict(arguments)}
            await self._send(message)
            return await answer
        except asyncio.CancelledError:
            await self._send({"type": "tool-cancelled", "id": call_id})
            raise
        finally:
            self._waiting.pop(call_id, None)

    def take(self, data: Mapping[str, Any]) -> None:
        """An answer has come; one that nobody waits for is none."""
        answer = self._waiting.get(str(data.get("id")))
        if answer is None or answer.done():
            return
        if "error" in data:
            answer.set_exception(ToolFailed(str(data["error"])[:ERROR_CHARACTERS]))
        else:
            answer.set_result(data.get("result"))
