"""One connection's Pipecat pipeline: transport, speech-to-text, character, speech, transport."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from pipecat.pipeline.pipeline import Pipeline
from pipecat.processors.aggregators.llm_response_universal import (
    AssistantTurnStoppedMessage,
    LLMAssistantAggregator,
    LLMUserAggregator,
    LLMUserAggregatorParams,
    UserTurnMessageAddedMessage,
    UserTurnStoppedMessage,
)
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.processors.frameworks.rtvi import RTVIObserverParams
from pipecat.workers.runner import WorkerRunner

from characters.spec import CharacterSpec
from sessions_app.session import Past, Role
from voicebot.events import note_trouble
from voicebot.extensions import Place, additions
from voicebot.history import ContextHistory, HistoryFull, Summariser, mark_cut_off
from voicebot.ops import metrics, tracing
from voicebot.pipeline.acting import Actor
from voicebot.pipeline.activity import Activity, Event, State
from voicebot.pipeline.activity_observer import ActivityObserver
from voicebot.pipeline.conversation_state import ConversationState
from voicebot.pipeline.latency import Timing
from voicebot.pipeline.prompt_processor import Prompter
from voicebot.pipeline.replies import fallback_reply
from voicebot.pipeline.replies.answer_watchdog import AnswerWatchdog
from voicebot.pipeline.replies.answers_ahead import AnswersAhead
from voicebot.pipeline.replies.playout import PlayedOutPair
from voicebot.pipeline.replies.sentence_limit import SentenceLimit
from voicebot.pipeline.replies.spoken_over import SpokenOver
from voicebot.pipeline.replies.unprompted_speech import REPLY_END_SECS, UnpromptedSpeech
from voicebot.pipeline.rtvi import SessionRTVI
from voicebot.pipeline.speech_to_speech import HandOver
from voicebot.pipeline.spoken_language import SpokenLanguage
from voicebot.pipeline.worker import Worker, params
from voicebot.providers import ThoughtFilter, registry
from voicebot.transport import ChannelsTransport, silence_gate
from voicebot.turns import InferenceBudget, SharedSilero, Turns

log = logging.getLogger(__name__)

OLDEST_VERSION = "2.0.0"  # of RTVI, for a client that reconnects before it was noted
TEARDOWN_SECS = 10.0  # a pipeline that has not wound down by then is cut off


class VoicePipeline:
    """Runs the conversation of one connection, which begins with what the session remembers.

    `on_quiet` is called whenever nothing was said for `quiet_secs`.
    """

    def __init__(
        self,
        state: ConversationState,
        transport: ChannelsTransport,
        past: Past,
        services: registry.Services,
        *,
        budget: InferenceBudget,
        quiet_secs: float,
        on_quiet: Callable[[], Awaitable[None]],
    ):
        self.state = state
        context, session, spec = state.context, state.session, state.spec
        self.transport = transport
        self._llm, self._tts, self._voice = services.llm, services.tts, services.voice
        transport.gated = services.segmented
        transport.input().detect_speech(
            SharedSilero(transport.input().speech_paused, quietest_rms=silence_gate.QUIETEST)
        )
        self._history = ContextHistory(past)
        self.context = self._history.context
        self._resumed = bool(past.turns or past.covered.upto) or session.greeted
        self._writer, self._summariser = context.writer, Summariser(past, context)
        self._limit = SentenceLimit(spec.reply_sentences)
        self.activity = Activity()
        turns = Turns(transport.sound_secs, budget=budget, segmented=services.segmented)
        # An empty turn is answered by `UnpromptedSpeech.go_on`.
        heard_as = LLMUserAggregatorParams(empty_user_turn=None, user_turn_strategies=turns.strategies)
        self._user, self._assistant = PlayedOutPair(self.context, user_params=heard_as)
        self.rtvi = SessionRTVI(self.state, self.activity, transport.send, self._ready, self._typed)
        self.rtvi.on_rate = transport.rate.change
        self.actor = Actor(state, self._history, self.activity, self.rtvi, services.llm)
        self._assistant.ask_again = self.actor.ask_again
        self.life = ActivityObserver(self.activity, self._tell_timing, self._trouble, context.meter)
        self._quiet_secs, self._on_quiet, self._guesses = quiet_secs, on_quiet, budget.guesses
        self._language = SpokenLanguage(self.state, services.listeners)
        self._cancelled, self._voice_language = False, spec.language
        self._runner = WorkerRunner(handle_sigint=False)
        self.worker = Worker(
            Pipeline(additions.around(self._stages(services), state)),
            app_resources=self.state,
            params=params(),
            rtvi_processor=self.rtvi,
            rtvi_observer_params=RTVIObserverParams(user_llm_enabled=False, metrics_enabled=False),
            idle_timeout_secs=None,  # the activity knows better: see `_watch_quiet`
            enable_turn_tracking=tracing.enabled(),
            enable_tracing=tracing.enabled(),
            conversation_id=str(session.id),
            observers=[self.life, *additions.observing(state)],
        )
        self.unprompted = UnpromptedSpeech(
            self.state,
            self.context,
            activity=self.activity,
            rtvi=self.rtvi,
            worker=self.worker,
            transport=transport,
            services=services,
        )
        said = self._assistant.aggregation_string
        over = SpokenOver(
            self.activity, self.rtvi, transport, lambda: self.unprompted.greeting or self._limit.written, said
        )
        additions.rewrite(services.listeners, self._limit, state)
        turns.begin_over(over, services.recognisers)
        turns.answer_ahead(AnswersAhead(state, self.context, self.activity, services))
        self._watchdog = AnswerWatchdog(self.activity, services, self.unprompted)
        self._hand_over = HandOver(state, self.context, self.activity, services.llm, transport)
        self._listen()

    def _stages(self, services: registry.Services) -> list[tuple[Place | None, FrameProcessor]]:
        return [  # each with the name of its place, if others may stand around it
            ("input", self.transport.input()),
            ("stt", services.stt),
            ("user", self._user),
            (None, Prompter(self._begin_turn, services.llm, self.actor)),
            ("llm", services.llm),
            (None, ThoughtFilter(registry.model_name(self.state.spec))),
            ("reply", self._limit),
            ("tts", services.tts),
            ("output", self.transport.output()),
            (None, self._assistant),
        ]

    def _listen(self) -> None:
        """Takes part in what the pipeline's parts tell: turns go to the history writer as they finish."""

        @self.transport.event_handler("on_client_connected")
        async def connected(_transport: ChannelsTransport) -> None:
            session = self.state.session
            if session.same_client:
                await self.rtvi.assume_client_ready(session.client_version or OLDEST_VERSION)

        @self._user.event_handler("on_user_turn_message_added")
        async def heard(_aggregator: LLMUserAggregator, message: UserTurnMessageAddedMessage) -> None:
            await self._remember("user", message.content)

        @self._user.event_handler("on_user_turn_stopped")
        async def turned(_aggregator: LLMUserAggregator, _why: Any, message: UserTurnStoppedMessage) -> None:
            if not message.content and self.activity.cut_off:
                await self.unprompted.go_on()

        @self._assistant.event_handler("on_assistant_turn_stopped")
        async def said(_aggregator: LLMAssistantAggregator, message: AssistantTurnStoppedMessage) -> None:
            if message.content:
                self.state.count_reply()
                if message.interrupted:
                    mark_cut_off(self.context, message.content)
                await self._remember("assistant", message.content, interrupted=message.interrupted)
            await self._renew_summary()
            self.unprompted.reply_over(self._guesses)

    async def _renew_summary(self) -> None:
        state = self.state
        renewed = await self._summariser.renew(
            state.spec, state.session.metadata, self._llm, self._history, state.lore_record()
        )
        if renewed:
            state.set_summary(self._summariser.summary, self._summariser.covered.count)

    async def _tell_timing(self, timing: Timing) -> None:
        """A reply to spoken words has begun: its page and the operator learn where the time went."""
        metrics.note_reply(timing.by_stage())
        await self.rtvi.send_server_message(timing.as_message())

    async def _typed(self, text: str) -> None:
        self._language.read(text)
        self._writer.freshness.turn_begins()
        await self._remember("user", text)

    async def _trouble(self, stage: str) -> None:
        note_trouble(self.state.session.id, self.state.spec.slug, stage)
        await self._watchdog.trouble(stage)

    async def _remember(self, role: Role, text: str, *, interrupted: bool = False) -> None:
        """Hands a finished turn to the history writer; one that cannot be kept ends the connection."""
        metrics.turns.labels(role).inc()
        try:
            if role == "user":
                turn = self._writer.add(role, text)
                self.unprompted.heard(turn)
            else:
                by, took = self.state.spec.label, self.life.take_latency_ms()
                turn = self._writer.add(role, text, interrupted=interrupted, version=by, latency_ms=took)
            self._history.note(turn)
        except HistoryFull:
            log.error("session %s pauses: its turns cannot be written", self.state.session.id)
            await self.cancel()

    async def _ready(self) -> None:
        """Both sides are ready: tells the page which session this is, and greets a new visitor."""
        spec = self.state.spec
        await self.update_voice()
        await self.actor.begin(self.worker.queue_frame, self.settle)
        await self.rtvi.tell_session(resumed=self._resumed)
        await self.unprompted.begin(resumed=self._resumed)
        for one in (spec.speaking(code) for code in spec.languages):
            self.state.context.recorded.prepare(one, self._voice, fallback_reply.sentences_of(one))
        await self.rtvi.keep_client_version()

    def can_apply(self, spec: CharacterSpec) -> bool:
        """Whether the running services can go on as this character; otherwise new ones are needed."""
        now, any_voice = self.state.spec, isinstance(self._tts, registry.ChangesVoice)
        same_voice = (spec.voice, spec.pronunciations) == (now.voice, now.pronunciations)
        return spec.services == now.services and (any_voice or same_voice)

    async def announce(self, spec: CharacterSpec) -> None:
        """Goes on as this character from the character's next turn on, and tells the page at once."""
        self.state.set_pending_spec(spec)
        await self.rtvi.send_server_message({"type": "character-updated", "character": spec.public()})

    async def _begin_turn(self) -> None:
        """A turn of the character begins: what was changed meanwhile holds from here."""
        changed = self.state.apply_pending_spec()
        self._limit.most = self.state.spec.reply_sentences
        self.actor.equip()
        if changed or self.state.speaking.language != self._voice_language:
            await self.update_voice()

    async def update_voice(self) -> None:
        """Takes the visitor's language and wish for another speed of the voice, from the next sentence on."""
        self._voice_language = self.state.speaking.language
        if isinstance(self._tts, registry.ChangesVoice):
            await self._tts.change_voice(self.state.voice_spec)

    async def run(self) -> None:
        """Runs until the pipeline ends or is stopped, whatever ends it."""
        await self._runner.add_workers(self.worker)
        if self._cancelled:  # before there was anything to cancel: the runner would forget it
            return
        watchers = (self._watchdog.watch, self._watch_quiet, self.unprompted.watch_silence)
        watching = [asyncio.create_task(watch()) for watch in (*watchers, self._hand_over.watch)]
        try:
            await self._runner.run()
        finally:
            for task in watching:
                task.cancel()
            await self._language.end()
            await self.actor.stop()
            self.activity.on(Event.ENDED)

    async def _watch_quiet(self) -> None:
        """Says whenever nobody has said anything for so long, and nothing is under way that would be said."""
        while True:
            await self.activity.until_quiet(self._quiet_secs)
            await self._on_quiet()
            await self.activity.change()

    async def settle(self, secs: float | None = None) -> bool:
        """Waits until neither side speaks, nothing is under way, and all of it is told and remembered.

        At most so long; whether it is. A visitor's sentence is waited for, and what is said to it.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(secs):
                while not self.activity.settled or not await self._flushed():
                    await self.activity.until_settled()
                return True
        return False

    async def _flushed(self) -> bool:
        """Lets everything that has come be taken in and come to its end; whether nothing began meanwhile."""
        idle = await self.rtvi.idle(REPLY_END_SECS)
        await self.worker.flush_pipeline(REPLY_END_SECS)
        return self.activity.settled and (idle or self.activity.state is State.ENDING)

    async def cancel(self) -> None:
        """Asks the pipeline to wind down at once; `run` returns when it has."""
        self._cancelled = True
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
