"""Servers on this machine that speak the OpenAI API: who answers on their ports, with which models.

Only loopback is asked, by number and without a proxy, and no answer may lead elsewhere. Each is known by its
own answer: `owned_by` in the list of models, as Ollama, LM Studio, llama.cpp and vLLM fill it in.
"""

import asyncio
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

LOOPBACK = "127.0.0.1"
FIND_SECS = 0.3  # for all of them together; who is there answers in a few milliseconds
ANSWER_BYTES = 1 << 20  # a list of a thousand models
MOST_MODELS = 1000
LONGEST_NAME = 200  # characters
SHOWN_MODELS = 5
KNOWN = {"Ollama": 11434, "LM Studio": 1234, "llama.cpp": 8080, "vLLM": 8000}
OWNERS = {"library": "Ollama", "organization_owner": "LM Studio", "llamacpp": "llama.cpp", "vllm": "vLLM"}
UNKNOWN = "an OpenAI-compatible server"
# Models that such servers list and that hold no conversation.
NO_CHAT = re.compile(
    r"embed|rerank|whisper|(^|[-_/])(tts|bge|e5|clip|minilm|kokoro|piper)([-_/.:]|$)", re.IGNORECASE
)


@dataclass(frozen=True)
class FoundServer:
    """A server that answered: what it is, its base URL, and the names of its models that can talk."""

    name: str
    base_url: str
    models: tuple[str, ...]


async def find(ports: Mapping[str, int] = KNOWN, secs: float = FIND_SECS) -> list[FoundServer]:
    """Those that answer within `secs`, in the order of `ports`; who does not is left out."""
    limit = aiohttp.ClientTimeout(total=secs)
    async with aiohttp.ClientSession(timeout=limit, trust_env=False) as client:
        answers = await asyncio.gather(*(_ask(client, port) for port in ports.values()))
    return [server for server in answers if server]


async def _ask(client: aiohttp.ClientSession, port: int) -> FoundServer | None:
    base_url = f"http://{LOOPBACK}:{port}/v1"
    try:
        async with client.get(f"{base_url}/models", allow_redirects=False) as answer:
            if answer.status != 200:
                return None
            body = await _bounded(answer)
            return _server(base_url, json.loads(body))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, RecursionError):
        return None


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    """All of an answer. Raises ValueError for one that is longer than any list of models."""
    body = b""
    async for chunk in answer.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > ANSWER_BYTES:
            raise ValueError("this is no list of models")
    return body


def _server(base_url: str, answer: Any) -> FoundServer | None:
    """The server of a list of models, None where the answer is none."""
    listed = answer.get("data") if isinstance(answer, dict) and answer.get("object") == "list" else None
    if not isinstance(listed, list):
        return None
    rows = [row for row in listed[:MOST_MODELS] if isinstance(row, dict) and _is_name(row.get("id"))]
    owners = [row.get("owned_by") for row in rows]
    name = next((OWNERS[owner] for owner in owners if isinstance(owner, str) and owner in OWNERS), UNKNOWN)
    models = tuple(row["id"] for row in rows if not NO_CHAT.search(row["id"]))
    return FoundServer(name, base_url, models)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable()


def report(servers: Sequence[FoundServer]) -> list[str]:
    """What an operator wants to read of them: a line for each server, and how to take one for good."""
    lines = []
    for server in servers:
        shown = ", ".join(server.models[:SHOWN_MODELS])
        more = len(server.models) - SHOWN_MODELS
        shown += f" and {more} more" if more > 0 else ""
        lines.append(f"{server.name} at {server.base_url} has {shown or 'no model that talks'}")
    if taken := chosen(servers):
        server, model = taken
        lines.append(
            "For good: LLM_PROVIDER=openai "
            f"OPENAI_LLM_BASE_URL={server.base_url} OPENAI_LLM_MODEL={shlex.quote(model)}"
        )
    return lines


def chosen(servers: Sequence[FoundServer], wanted: str = "") -> tuple[FoundServer, str] | None:
    """The server and model that talk: the one called `wanted` if one has it, else the first one's first."""
    having = [(server, model) for server in servers for model in server.models]
    return next((pair for pair in having if pair[1] == wanted), having[0] if having else None)
