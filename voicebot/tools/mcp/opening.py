"""Opening: a session with a server by the official SDK, by any transport. Loaded when one is needed."""

import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import anyio
import httpx2
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CONNECTION_CLOSED, REQUEST_TIMEOUT, CallToolResult, TextContent, Tool
from pipecat.utils.security.ssrf import IPNetwork
from pydantic import ValidationError

from voicebot.outbound import Lookup
from voicebot.tools.mcp.errors import ServerAway, ServerRefused
from voicebot.tools.mcp.guarded_http import GuardedTransport, http_client
from voicebot.tools.mcp.servers import STDIO, Server

CALL_SECS = 60.0  # the longest that a tool may take
MOST_PAGES, MOST_LISTED = 20, 500  # of tools that a server lists
WORDS_CHARACTERS = 500  # of what a server says of a failure


@dataclass(frozen=True)
class Listed:
    """A tool as its server lists it."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(repr=False)


class Session:
    """An open one. What it raises is `ServerAway` and `ServerRefused`, and cancellation."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> Any:
        """What the tool gives: JSON, or a text."""
        with _told():
            result = await self._client.call_tool(tool, dict(arguments))
        if result.is_error:
            raise ServerRefused(_text(result)[:WORDS_CHARACTERS])
        return _data(result)

    async def tools(self) -> list[Listed]:
        found: list[Tool] = []
        with _told():
            cursor = None
            for _page in range(MOST_PAGES):
                answer = await self._client.list_tools(cursor=cursor)
                found += answer.tools
                cursor = answer.next_cursor
                if not cursor or len(found) >= MOST_LISTED:
                    break
        return [Listed(tool.name, tool.description or "", tool.input_schema) for tool in found[:MOST_LISTED]]


@contextlib.contextmanager
def _told() -> Any:
    """Errors of the SDK in our words: hers may quote what was sent."""
    try:
        yield
    except MCPError as error:
        if error.code in (CONNECTION_CLOSED, REQUEST_TIMEOUT):
            raise ServerAway from error
        raise ServerRefused(str(error.error.message)[:WORDS_CHARACTERS]) from error
    except (
        anyio.ClosedResourceError,
        anyio.BrokenResourceError,
        anyio.EndOfStream,
        httpx2.HTTPError,
    ) as error:
        raise ServerAway from error
    except (ValidationError, RuntimeError) as error:
        raise ServerRefused from error


def _text(result: CallToolResult) -> str:
    return "\n".join(
        block.text if isinstance(block, TextContent) else f"[{block.type}]" for block in result.content
    )


def _data(result: CallToolResult) -> Any:
    data = result.structured_content
    if data is None:
        text = _text(result)
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(text)
        return text
    if isinstance(data, dict) and data.keys() == {"result"}:  # how the SDK's servers wrap what is no object
        return data["result"]
    return data


class Watched:
    """What comes from a server, by whichever transport; `lost` is called when it ends."""

    def __init__(self, stream: Any, lost: Callable[[], None]) -> None:
        self._stream, self._lost = stream, lost

    @property
    def last_context(self) -> Any:
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> Any:
        try:
            return await self._stream.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._lost()
            raise

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._stream.__anext__()
        except StopAsyncIteration:
            self._lost()
            raise

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> bool | None:
        ended: bool | None = await self._stream.__aexit__(*error)
        return ended


@contextlib.asynccontextmanager
async def _streams(
    server: Server, lost: Callable[[], None], networks: Sequence[IPNetwork] | None, lookup: Lookup | None
) -> AsyncIterator[Any]:
    async with contextlib.AsyncExitStack() as stack:
        if server.transport == STDIO:
            # What it writes to standard error is nobody's here: it may quote what it was asked.
            errors = stack.enter_context(open(os.devnull, "w"))  # noqa: ASYNC230, PTH123, SIM115
            command, *args = server.command
            parameters = StdioServerParameters(command=command, args=args, env=dict(server.env))
            pair = await stack.enter_async_context(stdio_client(parameters, errlog=errors))
        else:
            events = server.transport == "sse"
            guarded = GuardedTransport(lost, networks=networks, lookup=lookup, posts_must_do=events)
            if events:

                def factory(
                    headers: dict[str, str] | None = None,
                    timeout: httpx2.Timeout | None = None,
                    auth: httpx2.Auth | None = None,
                ) -> httpx2.AsyncClient:
                    return http_client(headers or {}, guarded, timeout)

                pair = await stack.enter_async_context(
                    sse_client(server.url, headers=dict(server.headers), httpx_client_factory=factory)
                )
            else:
                client = await stack.enter_async_context(http_client(server.headers, guarded))
                pair = await stack.enter_async_context(streamable_http_client(server.url, http_client=client))
        read, write = pair
        yield Watched(read, lost), write


@contextlib.asynccontextmanager
async def opened(
    server: Server,
    lost: Callable[[], None],
    *,
    networks: Sequence[IPNetwork] | None = None,
    lookup: Lookup | None = None,
) -> AsyncIterator[Session]:
    """A session with a server; `lost` is called when it is of no use any more. Raises what stands in its way.

    Nothing that the server could ask of us is offered: no model, no files, no questions to the visitor.
    """
    transport = _streams(server, lost, networks, lookup)
    async with Client(transport, read_timeout_seconds=CALL_SECS, cache=None) as client:
        yield Session(client)
