"""Answer watchdog: whoever has asked something hears something, an answer or a fallback reply."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from django.conf import settings

from voicebot.pipeline.activity import Activity, Event, Fact, State
from voicebot.providers import WithFallback, registry

FILLER_SHARE = 0.4  # of ANSWER_SECS, after which the character says that it thinks
SHORTEST_FILLER_SECS = 4.0  # a filler that comes sooner, or right before the fallback reply, helps nobody
NOTHING_SECS = 0.5  # after the end of a reply of which nothing was heard or read


class Speaks(Protocol):
    async def ask_again(self) -> None:
        """A second provider has taken over: it gets the question."""

    async def open(self) -> None:
        """Says first words to the answer that is thought of, if the character has any."""

    async def fill(self) -> None:
        """Says that the answer is being thought of."""

    async def fall_back(self, begun: bool) -> None:
        """Says that there is no answer; one that has `begun` has to be taken back first."""


class AnswerWatchdog:
    """Measures how long a visitor has been waiting for a sound, by the connection's activity.

    Once a question first words are said when the answer takes a moment, a filler when it takes long, and a
    fallback reply when it has taken ANSWER_SECS, when a stage has failed with nobody to take over, or when
    the reply was empty. A voice or a model that stalls in the middle of a reply may go on at any moment, so
    the rest of it is taken back. A model that has not begun may still be loading, and is left to it. What
    nobody has asked for is waited for as long, but nothing is said.
    """

    def __init__(
        self,
        activity: Activity,
        services: registry.Services,
        speech: Speaks,
        answer_secs: float | None = None,
    ):
        self._activity = activity
        self._stages = {"llm": services.llm, "tts": services.tts}
        self._speech = speech
        self._answer_secs = settings.ANSWER_SECS if answer_secs is None else answer_secs
        self._opener_secs = settings.OPENER_SECS
        filler_secs = FILLER_SHARE * self._answer_secs
        self._filler_secs = filler_secs if filler_secs >= SHORTEST_FILLER_SECS else None
        self._begin(0)

    def _begin(self, question: int) -> None:
        self._question = question
        self._since: float | None = None  # when the visitor began to wait, in the activity's seconds
        self._empty_at: float | None = None  # when the reply was over and nothing of it had come
        self._opened = False
        self._filled = False
        self._failed = False
        self._asked_again = False

    async def watch(self) -> None:
        """Runs as long as the connection does."""
        while True:
            if (due := self._due()) is None:
                await self._activity.change()
            elif (left := due[0] - self._activity.clock()) > 0:
                await self._activity.change(left)
            else:
                await due[1]()

    def _due(self) -> tuple[float, Callable[[], Awaitable[None]]] | None:
        """What is to be done next about the reply that is under way, and when; None if there is none."""
        activity = self._activity
        if activity.questions != self._question:
            self._begin(activity.questions)
        if activity.state is not State.THINKING:
            self._note_sound()
            return None
        if self._since is None:
            self._since = activity.since
        if not activity.awaited:
            return self._since + self._answer_secs, self._give_up
        if self._failed:
            return self._since, self._say_so
        if Fact.CALL in activity:  # bounded by the tool's own time, and asked about after it
            self._since = None
            return None
        if Fact.REPLY not in activity:
            if self._empty_at is None:
                self._empty_at = activity.clock()
            return self._empty_at + NOTHING_SECS, self._say_so
        if self._opener_secs and not self._opened and activity.unanswered:
            return self._since + self._opener_secs, self._say_first_words
        if self._filler_secs and not self._filled and (activity.unanswered or Fact.SPEECH in activity):
            return self._since + self._filler_secs, self._say_wait
        return self._since + self._answer_secs, self._say_so

    def _note_sound(self) -> None:
        """Once some of the reply is heard, the visitor waits for the rest anew. A filler is none of it."""
        if self._activity.state is State.SPEAKING and not self._activity.unanswered:
            self._since = None

    async def _give_up(self) -> None:
        self._activity.on(Event.GIVEN_UP)

    async def _say_first_words(self) -> None:
        self._opened = True
        await self._speech.open()

    async def _say_wait(self) -> None:
        self._filled = True
        await self._speech.fill()

    async def _say_so(self) -> None:
        begun = not self._activity.unanswered
        self._activity.on(Event.GIVEN_UP)
        await self._speech.fall_back(begun)

    async def trouble(self, stage: str) -> None:
        """A provider has failed: `stage` is stt, llm, tts or pipeline."""
        if self._activity.questions != self._question:
            self._begin(self._activity.questions)
        if self._activity.state is not State.THINKING or stage == "stt":
            return
        if isinstance(self._stages.get(stage), WithFallback) and not self._asked_again:
            self._asked_again = True
            await self._speech.ask_again()
        else:
            self._failed = True
            self._activity.on(Event.NOTICED)
