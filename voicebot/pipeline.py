"""One connection's Pipecat pipeline: transport, speech-to-text, character, speech, transport."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from pipecat.frames.frames import LLMRunFrame, TTSAudioRawFrame, TTSSpeakFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    AssistantTurnStoppedMessage,
    LLMAssistantAggregator,
    LLMContextAggregatorPair,
    LLMUserAggregator,
    LLMUserAggregatorParams,
    UserTurnMessageAddedMessage,
)
from pipecat.processors.frameworks.rtvi import RTVIObserverParams
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

from characters import prompts
from characters.sheet import Sheet
from sessions_app.history import Past, Role
from voicebot import apology, memory, metrics, tracing
from voicebot.hearing import SharedSilero, TurnStop
from voicebot.life import SIGNS_OF_LIFE, SignsOfLife
from voicebot.owed import OwedAnswer
from voicebot.prompter import Prompter, prompt_of
from voicebot.providers import registry
from voicebot.recorder import HistoryFull
from voicebot.reply import SentenceLimit
from voicebot.rtvi import StageRTVI
from voicebot.stage import Stage
from voicebot.timing import Timing
from voicebot.transport import SPEAKING_SECS, ChannelsTransport
from voicebot.worker import Worker

log = logging.getLogger(__name__)

OLDEST_VERSION = "2.0.0"  # of RTVI, for a client that reconnects before it was noted
LOOK_AGAIN_SECS = 5.0  # an editor may publish a character that speaks up
MOST_SPEAKING_UP = 2  # then it waits, however long
TEARDOWN_SECS = 10.0  # a pipeline that has not wound down by then is cut off


class VoicePipeline:
    """Runs the conversation of one connection, which begins with what the session remembers.

    `on_quiet` is called whenever nothing was said for `quiet_secs`.
    """

    def __init__(
        self,
        stage: Stage,
        transport: ChannelsTransport,
        past: Past,
        services: registry.Services,
        *,
        quiet_secs: float,
        on_quiet: Callable[[], Awaitable[None]],
    ):
        self.stage = stage
        self.transport = transport
        self._llm, self._tts, self._voice = services.llm, services.tts, services.voice
        ahead = services.stt.pausing if isinstance(services.stt, registry.ListensAhead) else None
        transport.gated = services.segmented
        self.context = LLMContext(memory.as_messages(past))
        stage.summary, self._summary = past.summary, memory.Summary(past.summarised)
        stage.replies = past.summarised // 2 + sum(turn.role == "assistant" for turn in past.turns)
        self._limit = SentenceLimit(stage.sheet.reply_sentences)
        self._user, self._assistant = LLMContextAggregatorPair(
            self.context,
            user_params=LLMUserAggregatorParams(
                vad_analyzer=SharedSilero(ahead),
                user_turn_strategies=UserTurnStrategies(stop=[TurnStop(transport.sound_secs)]),
            ),
        )
        if ear := self._user._vad_controller:  # tells all processors five times a second that it hears speech
            ear._speech_activity_period = SPEAKING_SECS
        self.rtvi = StageRTVI(stage, transport.client.send, self._ready, self._typed)
        self._owed = OwedAnswer(services, ask_again=self._ask_again, apologise=self._apologise)
        self.life = SignsOfLife(self._tell_timing, self._trouble)
        self._greeted = False
        self._spoke_up = 0  # since the visitor last said something
        self._runner = WorkerRunner(handle_sigint=False)
        self.worker = Worker(
            Pipeline(
                [
                    transport.input(),
                    services.stt,
                    self._user,
                    Prompter(self._take_up),
                    services.llm,
                    self._limit,
                    services.tts,
                    transport.output(),
                    self._assistant,
                ]
            ),
            app_resources=stage,
            params=PipelineParams(audio_in_sample_rate=16_000, audio_out_sample_rate=24_000),
            rtvi_processor=self.rtvi,
            rtvi_observer_params=RTVIObserverParams(user_llm_enabled=False, metrics_enabled=False),
            idle_timeout_secs=quiet_secs,
            idle_timeout_frames=SIGNS_OF_LIFE,
            cancel_on_idle_timeout=False,
            enable_turn_tracking=tracing.enabled(),
            enable_tracing=tracing.enabled(),
            conversation_id=str(stage.session.id),
            observers=[self.life],
        )
        self._listen(on_quiet)

    def _listen(self, on_quiet: Callable[[], Awaitable[None]]) -> None:
        """Takes part in what the pipeline's parts tell: turns are handed to the recorder as they finish."""

        @self.worker.event_handler("on_idle_timeout")
        async def quiet(_worker: Worker) -> None:
            await on_quiet()

        @self.transport.event_handler("on_client_connected")
        async def connected(_transport: ChannelsTransport) -> None:
            session = self.stage.session
            if session.same_client:
                await self.rtvi.assume_client_ready(session.client_version or OLDEST_VERSION)

        @self._user.event_handler("on_user_turn_message_added")
        async def heard(_aggregator: LLMUserAggregator, message: UserTurnMessageAddedMessage) -> None:
            await self._remember("user", message.content)
            self._owed.expect(self.life.sounds)

        @self._assistant.event_handler("on_assistant_turn_stopped")
        async def said(_aggregator: LLMAssistantAggregator, message: AssistantTurnStoppedMessage) -> None:
            if message.content:
                self.stage.replies += 1
                if message.interrupted:
                    memory.mark_cut_off(self.context, message.content)
                await self._remember("assistant", message.content, interrupted=message.interrupted)
            await self._summarise_if_long()

    async def _tell_timing(self, timing: Timing) -> None:
        """A reply to spoken words has begun: its page and the operator learn where the time went."""
        metrics.note(timing)
        await self.rtvi.send_server_message(timing.as_message())

    async def _typed(self, text: str) -> None:
        await self._remember("user", text)
        self._owed.expect(self.life.sounds)

    async def _trouble(self, stage: str) -> None:
        metrics.errors.labels(stage).inc()
        await self._owed.trouble(stage)

    async def _ask_again(self) -> None:
        await self.worker.queue_frame(LLMRunFrame())

    async def _apologise(self) -> None:
        """Plays what was recorded for this: voice and mind may both be away."""
        sheet = self.stage.sheet
        found = await apology.recording(sheet)
        words = apology.words_of(sheet)
        await self.rtvi.send_server_message({"type": "trouble", "text": words})
        if found is None:
            return
        pcm, rate_hz = found
        await self.worker.queue_frame(TTSAudioRawFrame(pcm, rate_hz, 1))
        self.context.add_message({"role": "assistant", "content": words})
        await self._remember("assistant", words)

    async def _remember(self, role: Role, text: str, *, interrupted: bool = False) -> None:
        """Hands a finished turn to the recorder; one that cannot be kept ends the connection."""
        metrics.turns.labels(role).inc()
        try:
            if role == "user":
                self._spoke_up = 0
                self.stage.recorder.add(role, text)
            else:
                self.stage.recorder.add(
                    role,
                    text,
                    interrupted=interrupted,
                    version=self.stage.sheet.label,
                    latency_ms=self.life.take_latency_ms(),
                )
        except HistoryFull:
            log.error("session %s pauses: its turns cannot be written", self.stage.session.id)
            await self.cancel()

    async def _summarise_if_long(self) -> None:
        """Lets the model put old turns into a few sentences, beside the conversation, once for each turn."""
        if await self._summary.renew(self.stage, self._llm):
            self.context.set_messages(self.context.get_messages()[-memory.KEEP_TURNS :])

    async def _ready(self) -> None:
        """Both sides are ready: tells the page which session this is, and greets a new visitor."""
        stage, session = self.stage, self.stage.session
        await self.retune()
        await self.rtvi.send_server_message(
            {
                "type": "session",
                "id": str(session.id),
                "character": stage.sheet.public(),
                "expiresAt": session.expires_at.isoformat(),
                "resumed": session.resumed,
                **({"draft": True} if session.draft else {}),
            }
        )
        if not session.resumed and not self._greeted:
            self._greeted = True
            await self._greet()
        else:
            await self._prime(self.context.get_messages())
        apology.prepare(stage.sheet, self._voice)
        version = self.rtvi.client_version_text
        if version != session.client_version:
            try:
                await stage.manager.update(session.id, client_version=version)
            except Exception:
                log.exception("the client's version of session %s was not kept", session.id)

    async def _greet(self) -> None:
        sheet, metadata, seed = self.stage.sheet, self.stage.session.metadata, str(self.stage.session.id)
        greeting = prompts.greeting(sheet, metadata, seed=seed)
        anybody = {"greeting": metadata.get("greeting")}
        # One that names its visitor is nobody else's.
        if isinstance(self._tts, registry.Rehearses) and greeting == prompts.greeting(
            sheet, anybody, seed=seed
        ):
            await self._tts.keep(greeting)
        await self.worker.queue_frame(TTSSpeakFrame(greeting))
        await self._prime([{"role": "assistant", "content": greeting}])

    async def _prime(self, history: list[Any]) -> None:
        """Lets the model read ahead what the first turn of this connection will begin with."""
        if isinstance(self._llm, registry.Primes):
            common = prompts.render(self.stage.sheet, {}, limit=self.stage.limit)
            await self._llm.prime(common.as_messages(), prompt_of(self.stage, history).as_messages())

    def can_take_up(self, sheet: Sheet) -> bool:
        """Whether the running services can go on as this sheet; otherwise new ones are needed."""
        now = self.stage.sheet
        same_voice = sheet.voice == now.voice or isinstance(self._tts, registry.Retunes)
        return sheet.casting == now.casting and same_voice

    async def recast(self, sheet: Sheet) -> None:
        """Goes on as this sheet from the character's next turn on, and tells the page at once."""
        self.stage.upcoming = sheet
        await self.rtvi.send_server_message({"type": "character-updated", "character": sheet.public()})

    async def _take_up(self) -> None:
        """A turn of the character begins: what was changed meanwhile holds from here."""
        if not self.stage.take_up():
            return
        self._limit.most = self.stage.sheet.reply_sentences
        await self.retune()

    async def retune(self) -> None:
        """Takes the visitor's wish for another speed of the voice, from the next sentence on."""
        if isinstance(self._tts, registry.Retunes):
            await self._tts.retune(self.stage.voiced)

    async def run(self) -> None:
        """Runs until the pipeline ends or is stopped, whatever ends it."""
        await self._runner.add_workers(self.worker)
        watching = asyncio.create_task(self._speak_up())
        try:
            await self._runner.run()
        finally:
            watching.cancel()
            self._owed.cancel()

    async def _speak_up(self) -> None:
        """Lets a character whose editor wishes so say something by itself after a silence, a few times."""
        while True:
            secs = self.stage.sheet.speak_up_secs
            if await self.life.within(secs or LOOK_AGAIN_SECS) or not secs:
                continue
            if self.rtvi.ready and self._spoke_up < MOST_SPEAKING_UP:
                self._spoke_up += 1
                self.stage.speaking_up = True
                await self.worker.queue_frame(LLMRunFrame())

    async def cancel(self) -> None:
        """Asks the pipeline to wind down at once; `run` returns when it has."""
        self.transport.hang_up()
        await self._runner.cancel()

    async def stop(self, task: asyncio.Task) -> None:
        """Winds down the pipeline that `task` runs, by force if it takes too long."""
        await self.cancel()
        _, pending = await asyncio.wait({task}, timeout=TEARDOWN_SECS)
        if pending:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
