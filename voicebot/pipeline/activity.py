"""The activity of one connection: listening, hearing, transcribing, thinking, speaking or ending.

Events change facts by a table, and the state follows from the facts. It is not a plain state machine, because
the events of both sides overlap, and come in an order of Pipecat's own: on a barge-in the character's voice
ends after the visitor's turn has begun, and an answer that was written in one go is still being spoken when
the next question is typed. Who waits for something (a switch of character, a drain, the watchdog for
unanswered turns, the idle warning, a character that speaks up) asks here.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, Flag, auto


class State(Enum):
    """What the connection is doing, as somebody would say who looks on."""

    LISTENING = "listening"  # nobody speaks, and nothing is under way
    HEARING = "hearing"  # the visitor speaks
    TRANSCRIBING = "transcribing"  # the visitor has paused, or typed, and the words are being taken in
    THINKING = "thinking"  # the visitor waits for the first, or the next, sound of a reply
    SPEAKING = "speaking"  # the character is heard
    ENDING = "ending"


class Fact(Flag):
    TURN = auto()  # a turn of the visitor's is going on
    PAUSE = auto()  # in which they have paused
    TYPING = auto()  # what the visitor typed is on its way to the model
    REPLY = auto()  # a reply is under way, from the question until all of it was written to the transport
    UNANSWERED = auto()  # to a question, and no word of it has come yet
    SPEECH = auto()  # words have gone to the voice, and nothing has been heard since
    VOICE = auto()  # the character is heard
    WRITTEN = auto()  # the reply is to be read, not heard
    UNASKED = auto()  # the reply is the character's own idea
    CALL = auto()  # tools of the character run, and it will be asked about what they give
    ENDING = auto()


class Event(Enum):
    TURN_STARTED = auto()
    SPEECH_STARTED = auto()  # as voice activity has it, within a turn
    SPEECH_STOPPED = auto()
    TURN_STOPPED = auto()
    TYPED = auto()
    TYPED_FOR_TEXT = auto()  # the visitor wants the answer in writing
    TYPED_IN = auto()  # what was typed is in the conversation now
    ASKED = auto()  # the model has the question
    SPOKE_UP = auto()  # the model was asked for a word that nobody asked for
    SAYING = auto()  # the voice is to say something outside of any reply, such as a greeting
    SPEECH_DUE = auto()  # a part of the reply is there, for the voice
    READABLE = auto()  # a part of the reply is there that is not for the voice
    VOICE_STARTED = auto()
    VOICE_STOPPED = auto()
    REPLY_OVER = auto()  # all of it has passed the transport, or will never come
    INTERRUPTED = auto()
    FAILED = auto()  # the model gives no reply
    CALLED = auto()  # the model has called tools, whose results it will be asked about
    CALLS_OVER = auto()  # there are no results to ask it about
    GIVEN_UP = auto()  # nobody waits for the reply any more
    NOTICED = auto()  # that the client is there, nothing else
    ENDED = auto()


NONE = Fact(0)
TURN, UNDER_WAY = Fact.TURN | Fact.PAUSE, Fact.REPLY | Fact.SPEECH | Fact.UNANSWERED | Fact.CALL

# By event: the facts that hold from here on, and those that do not any more.
TRANSITIONS: dict[Event, tuple[Fact, Fact]] = {
    Event.TURN_STARTED: (Fact.TURN, Fact.PAUSE | Fact.WRITTEN),
    Event.SPEECH_STARTED: (NONE, Fact.PAUSE),
    Event.SPEECH_STOPPED: (Fact.PAUSE, NONE),
    Event.TURN_STOPPED: (NONE, TURN),
    Event.TYPED: (Fact.TYPING, Fact.WRITTEN),
    Event.TYPED_FOR_TEXT: (Fact.TYPING | Fact.WRITTEN, NONE),
    Event.TYPED_IN: (NONE, Fact.TYPING),
    Event.ASKED: (Fact.REPLY | Fact.UNANSWERED, Fact.UNASKED | Fact.SPEECH | Fact.CALL),
    Event.SPOKE_UP: (Fact.REPLY | Fact.UNASKED, Fact.UNANSWERED | Fact.WRITTEN),
    Event.SAYING: (Fact.REPLY | Fact.SPEECH, Fact.UNASKED | Fact.WRITTEN),
    Event.SPEECH_DUE: (Fact.SPEECH, Fact.UNANSWERED),
    Event.READABLE: (NONE, Fact.UNANSWERED),
    Event.VOICE_STARTED: (Fact.VOICE, Fact.SPEECH),
    Event.VOICE_STOPPED: (NONE, Fact.VOICE | Fact.SPEECH),
    Event.REPLY_OVER: (NONE, Fact.REPLY),
    Event.INTERRUPTED: (NONE, UNDER_WAY | Fact.VOICE),
    Event.FAILED: (NONE, Fact.REPLY),
    Event.CALLED: (Fact.CALL, Fact.UNANSWERED),
    Event.CALLS_OVER: (NONE, Fact.CALL | Fact.UNANSWERED),
    Event.GIVEN_UP: (NONE, UNDER_WAY),
    Event.NOTICED: (NONE, NONE),
    Event.ENDED: (Fact.ENDING, NONE),
}


def state_of(facts: Fact) -> State:
    """The state that facts amount to: the visitor's words come before the character's."""
    if Fact.ENDING in facts:
        return State.ENDING
    if facts & TURN == Fact.TURN:
        return State.HEARING
    if facts & (Fact.TURN | Fact.TYPING):
        return State.TRANSCRIBING
    if Fact.VOICE in facts:
        return State.SPEAKING
    return State.THINKING if facts & UNDER_WAY else State.LISTENING


class Activity:
    """Knows what a connection is doing, and lets others wait for it. `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._facts = NONE
        self.state = State.LISTENING
        self.since = self.seen_at = clock()  # when this state began, and the last event was
        self.cut_off = False  # the last reply, by an interruption
        self.events = 0
        self.questions = 0  # how many replies have been under way, of whatever kind
        self._changed = asyncio.Event()

    def on(self, event: Event) -> None:
        """Takes an event."""
        comes, goes = TRANSITIONS[event]
        if comes & (Fact.REPLY | Fact.SPEECH) and not self._facts & UNDER_WAY:
            self.questions += 1
        if event is Event.INTERRUPTED:
            self.cut_off = self.cut_off or bool(self._facts & (UNDER_WAY | Fact.VOICE))
        elif comes & Fact.REPLY:
            self.cut_off = False
        self._facts = (self._facts & ~goes) | comes
        self.events += 1
        self.seen_at = self.clock()
        if (state := state_of(self._facts)) is not self.state:
            self.state, self.since = state, self.seen_at
        self._changed.set()

    def __contains__(self, fact: Fact) -> bool:
        return fact in self._facts

    @property
    def awaited(self) -> bool:
        """Whether the visitor waits for a sound: something is owed to them that is not merely to be read."""
        unheard = Fact.WRITTEN in self or Fact.UNASKED in self
        return self.state is State.THINKING and not unheard

    @property
    def unanswered(self) -> bool:
        """Whether a question has been asked of whose answer there is no word yet."""
        return Fact.UNANSWERED in self

    @property
    def begun(self) -> bool:
        """Whether anybody has spoken, typed or been answered."""
        return self.questions > 0 or self.state is not State.LISTENING

    @property
    def settled(self) -> bool:
        """Whether neither side speaks, and nothing is under way that would be."""
        return self.state in (State.LISTENING, State.ENDING)

    async def change(self, secs: float | None = None) -> None:
        """Waits for the next event, at most so long."""
        self._changed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), secs)

    async def until_settled(self, secs: float | None = None) -> bool:
        """Waits until it is settled, at most so long; whether it is."""
        until = None if secs is None else self.clock() + secs
        while not self.settled:
            left = None if until is None else until - self.clock()
            if left is not None and left <= 0:
                return False
            await self.change(left)
        return True

    async def until_quiet(self, secs: float) -> None:
        """Waits until nothing has happened for so long, while nobody spoke and nothing was under way."""
        while True:
            if self.state is not State.LISTENING:
                await self.change()
            elif (left := self.seen_at + secs - self.clock()) > 0:
                await self.change(left)
            else:
                return

    async def stirs_within(self, secs: float) -> bool:
        """Whether anything happens within so many seconds from now."""
        began, seen = self.clock(), self.events
        while self.events == seen and self.state is State.LISTENING:
            if (left := began + secs - self.clock()) <= 0:
                return False
            await self.change(left)
        return True
