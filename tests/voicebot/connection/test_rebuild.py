"""A pipeline that is rebuilt for a changed character misses nothing that changes meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from asgiref.testing import ApplicationCommunicator

from characters.models import Character
from characters.versions import publishing
from sessions_app.database import in_database
from sessions_app.manager import SessionManager
from tests.characters.factory import make_character
from tests.visitors import rtvi_message
from voicebot.connection import conversation
from voicebot.connection.consumer import VoiceConsumer
from voicebot.connection.conversation import Conversation
from voicebot.ops import RUNTIME
from voicebot.pipeline import VoicePipeline
from voicebot.runtime import Runtime
from voicebot.transport import serializer

SECS = 60  # that a busy machine may take


@pytest.fixture
async def runtime(tmp_path):
    made = Runtime(tmp_path / "spool")
    yield made
    await made.recorded.close()
    made.spool.close()


@pytest.fixture
def conversations(monkeypatch) -> list[Conversation]:
    """Those of this process, as they begin."""
    found: list[Conversation] = []
    begin = Conversation.__init__

    def made(self: Conversation, *args: Any) -> None:
        begin(self, *args)
        found.append(self)

    monkeypatch.setattr(Conversation, "__init__", made)
    return found


def publish(**fields: Any) -> None:
    character = Character.objects.get(slug="marlow")
    for name, value in fields.items():
        setattr(character, name, value)
    character.save()
    publishing.publish(character)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECS):
        while not condition():
            await asyncio.sleep(0.01)


async def connected(runtime: Runtime, session: Any) -> ApplicationCommunicator:
    scope = {
        "type": "websocket",
        "headers": [(b"host", b"testserver")],
        "query_string": f"token={session.token}".encode(),
        "url_route": {"kwargs": {"session_id": session.id}},
        "state": {RUNTIME: runtime},
    }
    socket = ApplicationCommunicator(VoiceConsumer.as_asgi(), scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(SECS))["type"] == "websocket.accept"
    return socket


@dataclass
class Talk:
    """A connection of this process, and its client's end."""

    ours: Conversation
    socket: ApplicationCommunicator
    session_id: UUID


@asynccontextmanager
async def talking(runtime: Runtime, conversations: list[Conversation]) -> AsyncIterator[Talk]:
    """A new session with Marlow, whose pipeline is there."""
    await in_database(make_character)
    session = await SessionManager().create(character="marlow", visitor="anon:me")
    socket = await connected(runtime, session)
    await until(lambda: bool(conversations) and conversations[0].pipeline is not None)
    (ours,) = conversations
    yield Talk(ours, socket, session.id)
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait(SECS)


@pytest.mark.django_db(transaction=True)
async def test_what_is_published_during_a_rebuild_is_in_the_next_pipeline(
    runtime, monkeypatch, conversations
):
    """Version 2 wants another model; while its services are built, version 3 takes that back."""
    heard: list[int | None] = []
    building: list[int] = []
    build, on_changed = conversation.build_services, conversation.CharacterUpdates.on_changed

    def noted(updates: Any, message: dict[str, Any]) -> None:
        on_changed(updates, message)
        heard.append(message["version"])

    async def build_while_somebody_publishes(spec: Any) -> Any:
        building.append(spec.version)
        if spec.version == 2:
            await in_database(publish, llm_model="", system_prompt="You are new.")
            await until(lambda: 3 in heard)
            await asyncio.wait({conversations[0].updates.task}, timeout=SECS)
        return await build(spec)

    monkeypatch.setattr(conversation, "build_services", build_while_somebody_publishes)
    monkeypatch.setattr(conversation.CharacterUpdates, "on_changed", noted)
    async with talking(runtime, conversations) as talk:
        ours = talk.ours
        first = ours.pipeline
        await in_database(publish, llm_model="another")
        await until(lambda: ours.pipeline is not first and ours.pipeline.state.spec.version == 3)
        assert ours.pipeline.state.spec.system_prompt == "You are new."
        assert building == [1, 2, 3], "other services than those of version 2"


@pytest.mark.django_db(transaction=True)
async def test_what_is_typed_at_the_moment_of_the_change_is_answered(runtime, monkeypatch, conversations):
    """It has come to the old pipeline, which has just been found settled and does not know of it yet."""
    settle, typed = VoicePipeline.settle, asyncio.Event()

    async def settle_while_somebody_types(self: VoicePipeline, secs: float | None = None) -> bool:
        settled = await settle(self, secs)
        if not typed.is_set():
            typed.set()
            message = serializer.decode(rtvi_message("send-text", {"content": "Which way is north?"}))
            await self.transport.receive(message)
        return settled

    monkeypatch.setattr(VoicePipeline, "settle", settle_while_somebody_types)
    async with talking(runtime, conversations) as talk:
        ours = talk.ours
        ready = rtvi_message("client-ready", {"version": "2.2.0", "about": {"library": "tests"}})
        await talk.socket.send_input({"type": "websocket.receive", "bytes": ready})
        first = ours.pipeline
        await until(lambda: first.rtvi.ready)
        await in_database(publish, llm_model="another")
        await until(lambda: ours.pipeline is not first)
        manager, answered = SessionManager(), ["assistant", "user", "assistant"]
        async with asyncio.timeout(SECS):
            while [turn.role for turn in await manager.turns(talk.session_id)] != answered:
                await asyncio.sleep(0.05)


@pytest.mark.django_db(transaction=True)
async def test_what_served_for_a_budget_gives_way_to_the_characters_own_when_that_is_over(
    runtime, conversations
):
    """What was published meanwhile holds, too."""
    async with talking(runtime, conversations) as talk:
        ours = talk.ours
        await ours.serve_instead({"llm_model": "cheaper"})
        await until(lambda: ours.pipeline.state.spec.llm_model == "cheaper")
        await in_database(publish, system_prompt="You are new.")
        await until(lambda: ours.pipeline.state.changes_soon)
        await ours.serve_instead({})
        await until(lambda: ours.pipeline.state.spec.llm_model == "")
        assert ours.pipeline.state.spec.system_prompt == "You are new."


@pytest.mark.django_db(transaction=True)
async def test_who_talks_with_a_withdrawn_character_talks_on_with_what_serves_for_its_budget(
    runtime, conversations
):
    async with talking(runtime, conversations) as talk:
        ours = talk.ours
        first = ours.pipeline
        assert first is not None
        await in_database(lambda: publishing.withdraw(Character.objects.get(slug="marlow")))
        await ours.serve_instead({"llm_model": "another"})
        await until(lambda: ours.pipeline is not first and ours.pipeline is not None)
        assert ours.pipeline is not None
        assert ours.pipeline.state.spec.llm_model == "another"
        assert not ours._connection.closing
        await ours.serve_instead({})
        await until(lambda: ours.pipeline is not None and ours.pipeline.state.spec.llm_model == "")
