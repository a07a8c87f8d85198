"""The channel layer's groups, and what signals tell them: every process's connections hear of it."""

import logging
from collections.abc import Iterable
from typing import Any, Protocol
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer

from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession

Candidate = tuple[str, str | None, int | None]  # with the id and the number of its section

log = logging.getLogger(__name__)


def session_group(session_id: UUID) -> str:
    """The group in which the connections of a session hear of each other, and of its end."""
    return f"session.{session_id.hex}"


def character_group(slug: str) -> str:
    """The group in which the connections to a character hear of its changes."""
    return f"character.{slug}"


def call_group(call_id: str) -> str:
    """The group in which the process that holds a call hears of what its client sends to another one."""
    return f"call.{call_id}"


async def pass_on_candidates(call_id: str, candidates: list[Candidate]) -> bool:
    """To the process that holds a call; False if this is the only one."""
    layer = get_channel_layer()
    if isinstance(layer, InMemoryChannelLayer):
        return False
    await layer.group_send(call_group(call_id), {"type": "call.candidates", "candidates": candidates})
    return True


class HasChannel(Protocol):
    """A Channels consumer; it has its channel from `__call__` on."""

    channel_layer: Any
    channel_name: str


class ChannelGroups:
    """The channel layer as one consumer uses it."""

    def __init__(self, consumer: HasChannel):
        self._consumer = consumer

    async def add(self, group: str) -> None:
        await self._consumer.channel_layer.group_add(group, self._consumer.channel_name)

    async def discard(self, group: str) -> None:
        await self._consumer.channel_layer.group_discard(group, self._consumer.channel_name)

    async def send(self, group: str, message: dict[str, Any]) -> None:
        await self._consumer.channel_layer.group_send(group, message)


def on_character_changed(slug: str, version: int | None, draft: bool, **_: Any) -> None:
    """Signal receiver: tells the live connections to a character that it was published or withdrawn."""
    message = {"type": "character.changed", "slug": slug, "version": version, "draft": draft}
    try:
        async_to_sync(get_channel_layer().group_send)(character_group(slug), message)
    except Exception:  # a channel layer that is away: who connects next gets the new version anyway
        log.exception("conversations with %s could not be told of its change", slug)


async def _send_each(session_ids: Iterable[UUID], kind: str) -> None:
    layer = get_channel_layer()
    for session_id in session_ids:
        await layer.group_send(session_group(session_id), {"type": kind})


def on_sessions_over(session_ids: Iterable[UUID], **_: Any) -> None:
    """Signal receiver: closes the live connections of sessions that are over."""
    try:
        async_to_sync(_send_each)(session_ids, "session.over")
    except Exception:  # a channel layer that is away: each connection notices at its next heartbeat
        log.exception("live connections of ended sessions could not be told")


def on_memories_changed(visitor: str, character: str, **_: Any) -> None:
    """Signal receiver: the visitor's live connections with this character read again what it remembers."""
    try:
        sessions = SyncSessionManager().of_visitor(visitor, character=character)
        live = [session.id for session in sessions if session.state == VoiceSession.State.ACTIVE]
        async_to_sync(_send_each)(live, "memories.changed")
    except Exception:  # a channel layer that is away: the next connection reads it anyway
        log.exception("connections could not be told of a change of what is remembered")
