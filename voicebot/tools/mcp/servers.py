"""Servers: which there are, those of the admin and those that the environment has us start."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from sessions_app.exceptions import RecordUnreadable
from voicebot.models import ToolServer
from voicebot.tools.kinds import ToolFailed

STDIO = "stdio"


@dataclass(frozen=True)
class Server:
    """How a server is reached, and what of it is for whom. `only` is empty where all its tools are."""

    name: str
    transport: str  # http, sse or stdio
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    command: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    only: frozenset[str] = frozenset()
    fixed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # arguments by tool

    def allows(self, tool: str) -> bool:
        return not self.only or tool in self.only

    @property
    def fingerprint(self) -> str:
        """Of how it is reached: after a change another connection is made."""
        way = [self.transport, self.url, dict(self.headers), list(self.command), dict(self.env)]
        return hashlib.sha256(json.dumps(way, sort_keys=True).encode()).hexdigest()


def _started_here() -> Iterable[Server]:
    for name, each in settings.MCP_STDIO_SERVERS.items():
        yield Server(
            name,
            STDIO,
            command=[each["command"], *each["args"]],
            env=each["env"],
            only=frozenset(each["only"]),
            fixed=each["fixed"],
        )


def _of_row(row: ToolServer) -> Server:
    """Raises ToolFailed, where a header does not open or belongs to somebody else."""
    headers = {}
    for header in row.headers.all():
        if not header.goes_to(row.url):
            raise ToolFailed("A header of this server is for another one.")
        try:
            headers[header.header] = header.value()
        except RecordUnreadable as error:
            raise ToolFailed("A header of this server cannot be opened.") from error
    only = frozenset(name.strip() for name in row.only.splitlines() if name.strip())
    return Server(row.name, row.transport, row.url, headers, only=only, fixed=row.fixed)


def find(name: str) -> Server:
    """The server of that name. Reads the database. Raises ToolFailed."""
    for server in _started_here():
        if server.name == name:
            return server
    row = ToolServer.objects.filter(name=name, enabled=True).prefetch_related("headers").first()
    if row is None:
        raise ToolFailed("There is no such server of tools here.")
    return _of_row(row)


def names() -> list[str]:
    """All that are in use, those that we start first. Reads the database."""
    rows = ToolServer.objects.filter(enabled=True).values_list("name", flat=True)
    return list(dict.fromkeys([*settings.MCP_STDIO_SERVERS, *rows]))
