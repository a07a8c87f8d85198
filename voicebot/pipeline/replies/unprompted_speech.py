"""Unprompted speech: greetings, late answers after a reconnect, fallback replies, words after a silence."""

import asyncio
import logging
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, runtime_checkable

from pipecat.frames.frames import LLMRunFrame, TTSSpeakFrame
from pipecat.processors.aggregators.llm_context import LLMContext

from characters import prompts
from characters.text import Moment
from sessions_app.identity import session_tokens
from sessions_app.session import Turn
from voicebot.pipeline.activity import Activity, Fact, State
from voicebot.pipeline.conversation_state import ConversationState
from voicebot.pipeline.prompting import lore_of, prompt_of
from voicebot.pipeline.replies import fallback_reply
from voicebot.pipeline.replies.memory_news import MemoryNews
from voicebot.pipeline.replies.unprompted_turn import RESUME_REPLY, unprompted
from voicebot.pipeline.rtvi import SessionRTVI
from voicebot.pipeline.worker import Worker
from voicebot.providers import recorded_speech, registry
from voicebot.transport import ChannelsTransport
from voicebot.turns import Guesses

log = logging.getLogger(__name__)

ANY_TIME = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)  # that nobody calls at
UNPROMPTED_MOST = (
    2  # times that a character speaks up until the visitor says something; then it waits, however long
)
LOOK_AGAIN_SECS = 5.0  # an editor may publish a character that speaks up
NEXT_TURN: prompts.Message = {"role": "user", "content": "\u2026"}  # whose words are not known yet
REPLY_END_SECS = 1.0  # for what is told of a reply's end to go out


def is_question(message: Any) -> bool:
    """Whether a message of the context is the visitor's."""
    return isinstance(message, dict) and message.get("role") == "user"


@runtime_checkable
class ReadsAhead(Protocol):
    """An LLM service that can read what the next prompt begins with, while the visitor has the word."""

    @property
    def can_read_ahead(self) -> bool:
        """Whether it would keep what it reads until then: else no prompt is made for it."""

    async def read_ahead(self, prompt: Sequence[prompts.Message]) -> None:
        """`prompt` ends with the character's last reply, as it was heard."""


class UnpromptedSpeech:
    """Of one connection's pipeline. None of it is said over the visitor."""

    def __init__(
        self,
        state: ConversationState,
        context: LLMContext,
        *,
        activity: Activity,
        rtvi: SessionRTVI,
        worker: Worker,
        transport: ChannelsTransport,
        services: registry.Services,
    ):
        self._state, self._context, self._activity = state, context, activity
        self._rtvi, self._worker, self._transport = rtvi, worker, transport
        self._llm, self._tts = services.llm, services.tts
        self._threads = state.context.prompt_threads
        self._begun = False
        self.greeting = ""  # while it is being said
        self._noting: asyncio.Task | None = None
        self._reading: asyncio.Task | None = None
        self._greeted = False  # and has sounded
        self._opener = ""  # that was said last
        self._spoke_up = 0  # since the visitor last said something
        self._went_on = False  # after a noise, since then
        self._memories = MemoryNews(state, activity, rtvi, worker, services.llm)

    def heard(self, turn: Turn) -> None:
        """The visitor has said something."""
        self._spoke_up, self._went_on = 0, False
        self._state.context.remembering.heard(turn.text, turn.sequence, self._state.spec)

    # --- beginning ---

    async def begin(self, *, resumed: bool) -> None:
        """Both sides are ready: greets a new visitor.

        To one who comes back it answers the question that an earlier connection was lost over; where there
        is none, it says a line of its own if its editor wishes so and the visitor was away for a while.
        """
        if self._begun:
            return
        self._begun = True
        await self._memories.begin()
        if not resumed:
            await self._greet()
            return
        await self._prime(self._context.get_messages())
        said = self._context.get_messages()
        if not said or not self._activity.settled:
            return
        if is_question(said[-1]):
            await self._worker.queue_frame(LLMRunFrame())
        elif self._state.spec.picks_up and self._state.session.away_secs > session_tokens.RECONNECT_SECS:
            await self._worker.queue_frame(unprompted(self._context, prompts.PICK_UP))

    async def _greet(self) -> None:
        spec, metadata, seed = self._state.spec, self._state.session.metadata, str(self._state.session.id)
        moment = self._state.moment()
        if moment.memory and not spec.returning_greeting.strip() and "greeting" not in metadata:
            self._noting = asyncio.create_task(self._note_greeting())
            await self._worker.queue_frame(unprompted(self._context, prompts.WELCOME_BACK))
            return
        greeting = await self._threads.run(prompts.greeting, spec, metadata, seed=seed, moment=moment)
        self._state.set_variables(moment.variables)
        if isinstance(self._tts, registry.CachesSpeech):
            anybody, any_time = {"greeting": metadata.get("greeting")}, Moment(now=ANY_TIME)
            # One that names its visitor, or the time, is nobody else's.
            if greeting == await self._threads.run(
                prompts.greeting, spec, anybody, seed=seed, moment=any_time
            ):
                await self._tts.cache_speech(greeting)
        self.greeting = greeting
        await self._worker.queue_frame(TTSSpeakFrame(greeting))
        self._noting = asyncio.create_task(self._note_greeting())
        await self._prime([{"role": "assistant", "content": greeting}])

    async def _note_greeting(self) -> None:
        """The session knows it once the greeting sounds: who loses us in the middle is not greeted again."""
        while Fact.VOICE not in self._activity:
            await self._activity.change()
        if not self._transport.closed:
            self._greeted = True
            await self._note(greeted=True)

    async def end(self) -> None:
        """The connection is over. Of a greeting no word of which is remembered nothing was heard."""
        await self._memories.end()
        for task in filter(None, (self._noting, self._reading)):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if self._greeted and not self._context.get_messages():
            await self._note(greeted=False)

    async def _note(self, *, greeted: bool) -> None:
        try:
            await self._state.context.manager.update(self._state.session.id, greeted=greeted)
        except Exception as error:  # a database that is away: then it is greeted once more, or not at all
            log.warning(
                "the greeting of session %s was not noted (%s)", self._state.session.id, type(error).__name__
            )

    async def _prime(self, history: list[Any]) -> None:
        """Lets the model read ahead what the first turn of this connection will begin with."""
        if isinstance(self._llm, registry.PrefillsPrompts):
            common = await self._threads.run(
                prompts.render, self._state.spec, {}, limit=self._state.context.limit
            )
            told = prompts.without_openers(self._state.spec, history)
            own = await self._threads.run(prompt_of, self._state, list(told))
            await self._llm.prefill(common.as_messages(), own.as_messages())

    # --- going on ---

    def reply_over(self, guesses: Guesses) -> None:
        """The character has said something, and it is known how much of that was heard."""
        self.greeting = ""
        if isinstance(self._llm, ReadsAhead) and self._llm.can_read_ahead:
            if self._reading:
                self._reading.cancel()
            self._reading = asyncio.create_task(self._read_ahead(self._llm, guesses))

    async def _read_ahead(self, llm: ReadsAhead, guesses: Guesses) -> None:
        """Lets the model read what the next prompt begins with, while the visitor has the word.

        Nobody has asked for it: a busy machine leaves it out, and it gives way to answers.
        """
        reading = asyncio.current_task()

        async def give_way() -> None:
            if reading:
                reading.cancel()

        if not guesses.begin(reading, give_way):
            return
        try:
            history: list[Any] = self._context.get_messages()
            told = list(prompts.without_openers(self._state.spec, history))
            lore, _ = await self._threads.run(lore_of, self._state, told)
            prompt = await self._threads.run(prompt_of, self._state, [*told, NEXT_TURN], lore)
            messages = prompt.as_messages()
            last = max(at for at, message in enumerate(messages) if message["role"] == "user")
            await llm.read_ahead(messages[:last])
        finally:
            guesses.end(reading)

    async def watch_silence(self) -> None:
        """Lets a character whose editor wishes so say something by itself after a silence, a few times."""
        while True:
            secs = self._state.spec.speak_up_secs
            if not secs or not self._rtvi.ready or self._spoke_up >= UNPROMPTED_MOST:
                await asyncio.sleep(LOOK_AGAIN_SECS)
                continue
            await self._activity.until_quiet(secs)
            if self._state.spec.speak_up_secs == secs:
                self._spoke_up += 1
                await self._worker.queue_frame(unprompted(self._context, prompts.SPEAK_UP))
                await self._activity.change()

    async def go_on(self) -> None:
        """A noise has cut a reply off: says the greeting again, answers again, or goes on, but once."""
        if self._went_on:
            return
        self._went_on = True
        said = self._context.get_messages()
        if not said:
            await self._greet()
        elif is_question(said[-1]):
            await self._worker.queue_frame(LLMRunFrame())
        else:
            await self._worker.queue_frame(unprompted(self._context, RESUME_REPLY))

    # --- when no answer comes: see `AnswerWatchdog` ---

    async def ask_again(self) -> None:
        await self._worker.queue_frame(TTSSpeakFrame(self.greeting) if self.greeting else LLMRunFrame())

    async def open(self) -> None:
        """Says first words to an answer that is being thought of, others than the last time."""
        known = prompts.openers_of(self._state.speaking)
        if fresh := [opener for opener in known if opener != self._opener] or known:
            self._opener = random.choice(fresh)  # noqa: S311
            await self._say_recorded(self._opener, alone=False)

    async def fill(self) -> None:
        await self._say_recorded(fallback_reply.filler_of(self._state.speaking))

    async def fall_back(self, begun: bool) -> None:
        words = fallback_reply.apology_of(self._state.speaking)
        if begun:
            await self._rtvi.interrupt_bot()
            await self._worker.flush_pipeline(REPLY_END_SECS)
        spoken = await self._say_recorded(words)
        if spoken is not None:
            await self._rtvi.send_server_message({"type": "trouble", "text": words, "spoken": spoken})

    async def _say_recorded(self, words: str, *, alone: bool = True) -> bool | None:
        """Says what was recorded before; whether it was, None where it is not the moment for it any more."""
        try:
            found = await recorded_speech.read(self._state.speaking, words)
        except Exception:
            log.exception("a fallback reply of %s could not be read", self._state.spec.label)
            found = None
        if self._activity.state not in (State.THINKING, State.LISTENING):
            return None
        if found:
            for frame in fallback_reply.speech(words, *found, alone=alone):
                await self._transport.output().queue_frame(frame)
        return bool(found)
