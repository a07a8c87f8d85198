"""STUN and TURN servers as clients are told of them, with credentials that are good for a while only.

A TURN server that has `use-auth-secret` (coturn) takes as a password the HMAC of a user name, which begins
with the second until which it is good: draft-uberti-behave-turn-rest-00, section 2.2.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class IceServers:
    """`secret` is the TURN server's; `good_secs` is how long a call may begin with what a client is given."""

    stun: Sequence[str] = ()
    turn: Sequence[str] = ()
    secret: str = ""
    good_secs: int = 3600
    clock: Callable[[], float] = time.time

    def for_client(self, name: str) -> list[dict[str, Any]]:
        """As `RTCPeerConnection` takes them; `name` stands in the TURN server's log, and names nobody."""
        servers: list[dict[str, Any]] = []
        if self.stun:
            servers.append({"urls": list(self.stun)})
        if self.turn and self.secret:
            user, password = self.credentials(name)
            servers.append({"urls": list(self.turn), "username": user, "credential": password})
        return servers

    def credentials(self, name: str) -> tuple[str, str]:
        """User name and password."""
        user = f"{int(self.clock()) + self.good_secs}:{name}"
        digest = hmac.new(self.secret.encode(), user.encode(), hashlib.sha1).digest()
        return user, base64.b64encode(digest).decode()
