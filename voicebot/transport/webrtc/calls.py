"""The calls of a process: offers are answered here, and candidates find their call by its id."""

import secrets
from collections import defaultdict
from importlib.util import find_spec
from typing import TYPE_CHECKING
from uuid import UUID

from sessions_app.exceptions import LimitReached
from voicebot.transport.webrtc.descriptions import checked_offer
from voicebot.transport.webrtc.ice_servers import IceServers
from voicebot.transport.webrtc.network import Network

if TYPE_CHECKING:
    from voicebot.transport.webrtc.call import Call

NEEDED = ("aiortc", "av")  # the extra `webrtc`
OF_ONE_ADDRESS = 0.75  # of all calls, as of the seats
CALLS_EACH = 2  # of one session at a time: one that serves, and one that may be better


class Calls:
    """By session and id. Nothing of aiortc is loaded before the first offer."""

    def __init__(self, network: Network, ice_servers: IceServers, *, switched_on: bool, most: int):
        self.offered = switched_on and all(find_spec(name) for name in NEEDED)
        self.ice_servers = ice_servers
        self.network, self._most = network, most
        self._calls: dict[UUID, dict[str, Call]] = defaultdict(dict)

    def __len__(self) -> int:
        return sum(map(len, self._calls.values()))

    async def begin(self, session_id: UUID, sdp: str, visitor: str) -> tuple["Call", str]:
        """A new call, and the answer to its offer. Raises OfferError, LimitReached where there are too many.

        A session has two at most: the oldest is closed for a third.
        """
        from voicebot.transport.webrtc.call import Call

        checked_offer(sdp, visitor)  # before anything is made for it
        here = [call.visitor for calls in self._calls.values() for call in calls.values()]
        if len(here) >= self._most or here.count(visitor) >= self._most * OF_ONE_ADDRESS:
            raise LimitReached
        call = Call(secrets.token_hex(16), visitor, self.network)
        mine = self._calls[session_id]
        earlier = list(mine.values())
        mine[call.id] = call
        try:
            for old in earlier[: max(0, len(earlier) - CALLS_EACH + 1)]:
                await old.close()
            return call, await call.answer(sdp)
        except BaseException:
            await self.end(session_id, call)
            raise

    def find(self, session_id: UUID, call_id: str) -> "Call | None":
        return self._calls[session_id].get(call_id) if session_id in self._calls else None

    async def end(self, session_id: UUID, call: "Call") -> None:
        """Lets go of a call. Later ones do nothing."""
        mine = self._calls.get(session_id, {})
        mine.pop(call.id, None)
        if not mine:
            self._calls.pop(session_id, None)
        await call.close()
