"""A conversation through a real pipeline in the test's own process, with nothing in between."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from pipecat.frames.protobufs import frames_pb2
from pipecat.processors.frame_processor import FrameProcessor

from characters import catalog
from characters.models import Character
from characters.spec import CharacterSpec
from sessions_app.database.threads import in_database
from sessions_app.manager import SessionManager
from sessions_app.session.coverage import Coverage
from sessions_app.session.turn import Past, Turn
from tests.characters.factory import make_character
from tests.visitors import RATE_HZ, Visitor, rtvi_message, speech
from voicebot import runtime
from voicebot.memories import Learning, Remembering
from voicebot.ops.load import Load
from voicebot.pipeline.conversation_state import ConversationState
from voicebot.pipeline.replies import fallback_reply
from voicebot.pipeline.session_context import SessionContext
from voicebot.pipeline.session_pipeline import VoicePipeline
from voicebot.providers import RecordedSpeech
from voicebot.providers.registry import Factory, Services
from voicebot.providers.scripted import ScriptedLLM, ScriptedSTT, ScriptedTTS
from voicebot.tools import ToolServers
from voicebot.transport import SocketLine, serializer
from voicebot.transport.channels import ChannelsTransport
from voicebot.turns import InferenceBudget
from voicebot.usage import ConnectionMeter

PACKET = 512  # samples


class Conversation(Visitor):
    """One visitor of one pipeline: says, types, and hears as over a socket."""

    def __init__(self, session_id: UUID, manager: SessionManager) -> None:
        super().__init__("")
        self.session_id, self.manager = session_id, manager
        self.pipeline: VoicePipeline
        self.meter: ConnectionMeter
        self.budget = InferenceBudget(Load())
        self.quiet = asyncio.Event()  # the pipeline has called it quiet

    async def hear(self, data: bytes) -> None:
        self._take(frames_pb2.Frame.FromString(data))
        self._news.set()

    async def tell(self, kind: str, data: Any = None) -> None:
        message = serializer.decode(rtvi_message(kind, data))
        await self.pipeline.transport.receive(message)

    async def type(self, text: str, **options: Any) -> None:
        await self.tell("send-text", {"content": text, **({"options": options} if options else {})})

    async def say(self, pcm: np.ndarray | None = None, silence_secs: float = 0.0) -> None:
        words = speech() if pcm is None else pcm
        words = np.concatenate([words, np.zeros(int(silence_secs * RATE_HZ), np.int16)])
        due = time.monotonic()
        for start in range(0, len(words) - PACKET + 1, PACKET):
            pcm_bytes = words[start : start + PACKET].tobytes()
            await self.pipeline.transport.receive(serializer.Audio(pcm_bytes, RATE_HZ, 1))
            due += PACKET / RATE_HZ
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def ready(self) -> dict[str, Any]:
        await self.tell("client-ready", {"version": "2.2.0", "about": {"library": "tests"}})
        await self.until(lambda: self.server_messages("session"))
        return self.server_messages("session")[-1]

    async def greeted(self) -> None:
        await self.ready()
        await self.until(lambda: self.of("bot-stopped-speaking"))

    async def turns(self) -> list[Turn]:
        """What is remembered, once all of it is written."""
        await runtime.default().writers.settled(self.session_id, 5)
        return await self.manager.turns(self.session_id)


async def recorded(spec: CharacterSpec, voice: Factory) -> None:
    """What the character says when no answer comes is there."""
    recorded = RecordedSpeech()
    recorded.prepare(spec, voice, fallback_reply.sentences_of(spec))
    await asyncio.gather(*recorded.tasks.values())


async def standing(
    *,
    stt: Callable[[], FrameProcessor] = ScriptedSTT,
    llm: Callable[[], FrameProcessor] = ScriptedLLM,
    tts: Callable[[], FrameProcessor] = ScriptedTTS,
    voice: Callable[[], FrameProcessor] = ScriptedTTS,
    past: Past | None = None,
    quiet_secs: float = 60.0,
    metadata: dict[str, Any] | None = None,
    away_secs: float = 0.0,
    learning: Learning | None = None,
    tool_servers: ToolServers | None = None,
    **character: Any,
) -> Conversation:
    """A pipeline that does not run yet, with a character of its own and a session in the database."""
    if not await in_database(Character.objects.filter(slug="marlow").exists):
        await in_database(make_character, **character)
    manager, connection = SessionManager(), uuid4()
    made = await manager.create(character="marlow", visitor="anon:me", metadata=metadata)
    session = replace(await manager.open(made.id, made.token, connection), away_secs=away_secs)
    spec = await in_database(catalog.get, "marlow")
    writer = runtime.default().writers.take(manager, session.id, await manager.sealer(session.id))
    one = Conversation(session.id, manager)

    async def quiet() -> None:
        one.quiet.set()

    services = Services(stt(), llm(), tts(), voice=lambda _spec: voice())
    await recorded(spec, services.voice)
    past = past or Past("", Coverage(), [])
    remembering = Remembering(session.visitor, session.id, learning)
    await remembering.load(spec)
    one.meter = ConnectionMeter(connection)
    one.meter.give_to(writer)
    context = SessionContext(
        session.id,
        manager,
        writer,
        connection,
        meter=one.meter,
        remembering=remembering,
        tool_servers=tool_servers or ToolServers(),
    )
    one.pipeline = VoicePipeline(
        ConversationState(context, session, spec, past),
        ChannelsTransport(SocketLine(one.hear)),
        past,
        services,
        budget=one.budget,
        quiet_secs=quiet_secs,
        on_quiet=quiet,
    )
    return one


@contextlib.asynccontextmanager
async def conversation(**options: Any) -> AsyncIterator[Conversation]:
    """The same, running; `options` as of `standing`."""
    one = await standing(**options)
    running = asyncio.create_task(one.pipeline.run())
    try:
        yield one
    finally:
        await one.pipeline.stop(running)
        await one.pipeline.unprompted.end()
        one.meter.take_from(one.pipeline.state.context.writer)
        await one.meter.flush(one.manager, one.session_id)
        await runtime.default().writers.leave(one.session_id, 5)
