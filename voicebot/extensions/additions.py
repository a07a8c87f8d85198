"""Additions: processors, observers and text transforms that other apps put into each pipeline.

They are made for each connection, by functions that get its `ConversationState`. One whose function fails is
left out of that conversation, and the operator reads so; the conversation goes on.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from pipecat.frames.frames import (
    AggregatedTextFrame,
    AudioRawFrame,
    EagerTranscriptionFrame,
    Frame,
    InterimTranscriptionFrame,
    TextFrame,
    TranscriptionFrame,
)
from pipecat.observers.base_observer import BaseObserver
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor, FrameProcessorSetup

from characters.text import cleaned
from voicebot.ops import metrics

if TYPE_CHECKING:
    from voicebot.pipeline import ConversationState

log = logging.getLogger(__name__)

T = TypeVar("T")
Place = Literal["input", "stt", "user", "llm", "reply", "tts", "output"]
PLACES: tuple[Place, ...] = ("input", "stt", "user", "llm", "reply", "tts", "output")
Side = Literal["before", "after", "beside"]
Words = Literal["heard", "reply"]
MakeProcessor = Callable[["ConversationState"], FrameProcessor | None]
MakeObserver = Callable[["ConversationState"], BaseObserver | None]
Transform = Callable[[str, "ConversationState"], str]
MOST_WAITING = 128  # frames that wait for a processor beside the pipeline; more audio is dropped
LONGEST_TEXT = 4000  # characters that a transform may make of one piece
_WRITTEN_BY = "rewritten"  # of a frame's metadata
HEARD = (TranscriptionFrame, InterimTranscriptionFrame, EagerTranscriptionFrame)


@dataclass(frozen=True)
class AddedProcessor:
    make: MakeProcessor
    place: Place
    side: Side


@dataclass
class Additions:
    """What is added, in the order in which it was registered."""

    processors: list[AddedProcessor] = field(default_factory=list)
    observers: list[MakeObserver] = field(default_factory=list)
    transforms: list[tuple[Words, Transform]] = field(default_factory=list)

    def around(
        self, stages: Sequence[tuple[Place | None, FrameProcessor]], state: "ConversationState"
    ) -> list[FrameProcessor]:
        """The stages of a pipeline with what is added around them. A stage without a place has nothing."""
        made: list[FrameProcessor] = []
        for place, stage in stages:
            if place is None:
                made.append(stage)
                continue
            made += self._made(place, "before", state)
            made.append(stage)
            made += [Beside(one) for one in self._made(place, "beside", state)]
            made += self._made(place, "after", state)
        return made

    def observing(self, state: "ConversationState") -> list[BaseObserver]:
        return [one for make in self.observers if (one := _guarded(make, state))]

    def _made(self, place: Place, side: Side, state: "ConversationState") -> list[FrameProcessor]:
        wanted = (added.make for added in self.processors if (added.place, added.side) == (place, side))
        return [one for make in wanted if (one := _guarded(make, state))]

    def rewrite(
        self, listeners: Sequence[FrameProcessor], limit: FrameProcessor, state: "ConversationState"
    ) -> None:
        """Has words changed where they come from, before anybody sees them: from ears and from replies."""
        for of, services, kinds in (("heard", listeners, HEARD), ("reply", [limit], (AggregatedTextFrame,))):
            found = [transform for words, transform in self.transforms if words == of]
            for service in services if found else ():
                service.add_event_handler("on_before_push_frame", _Rewriting(found, kinds, state).before_push)


class _Rewriting:
    """The transforms of one service's words."""

    def __init__(
        self, transforms: Sequence[Transform], kinds: tuple[type[TextFrame], ...], state: "ConversationState"
    ) -> None:
        self._transforms, self._kinds, self._state = list(transforms), kinds, state

    async def before_push(self, service: FrameProcessor, frame: Frame) -> None:
        if isinstance(frame, self._kinds):
            if _WRITTEN_BY in frame.metadata:
                return  # it comes from before this service, or twice
            frame.metadata[_WRITTEN_BY] = service.name
            frame.text = self._changed(frame.text)

    def _changed(self, text: str) -> str:
        for transform in list(self._transforms):
            try:
                text = cleaned(transform(text, self._state))[:LONGEST_TEXT]
            except Exception as error:
                _note(transform, error)
                self._transforms.remove(transform)
        return text


def _guarded(make: Callable[["ConversationState"], T | None], state: "ConversationState") -> T | None:
    try:
        return make(state)
    except Exception as error:
        _note(make, error)
        return None


def name_of(what: object) -> str:
    """A function, a class, or what an object is of, by its dotted path."""
    return f"{getattr(what, '__module__', '?')}.{getattr(what, '__qualname__', type(what).__qualname__)}"


def _note(what: object, error: Exception) -> None:
    """An extension has failed: which one and how, without the error's text, which may quote a visitor."""
    metrics.errors.labels("extension").inc()
    log.error(
        "the extension %s failed with %s: the conversation goes on without it",
        name_of(what),
        type(error).__name__,
    )


class Beside(FrameProcessor):
    """Passes everything on at once, and shows it to another processor, which holds up nobody.

    What that one pushes goes nowhere. If it falls behind, audio is dropped for it, and nothing else.
    """

    def __init__(self, beside: FrameProcessor) -> None:
        super().__init__()
        self.beside = beside
        self._waiting: asyncio.Queue[tuple[Frame, FrameDirection]] = asyncio.Queue()
        self._showing: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many frames that one has not been shown yet."""
        return self._waiting.qsize()

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]
        await super().setup(setup)
        await self.beside.setup(setup)
        self._showing = self.create_task(self._show(), "beside")

    async def cleanup(self) -> None:
        if self._showing:
            await self.cancel_task(self._showing)
            self._showing = None
        await self.beside.cleanup()
        await super().cleanup()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
        late = self._waiting.qsize() >= MOST_WAITING
        if self._showing and not (late and isinstance(frame, AudioRawFrame)):
            self._waiting.put_nowait((frame, direction))

    async def _show(self) -> None:
        try:
            while True:
                await self.beside.process_frame(*await self._waiting.get())
        except Exception as error:
            _note(self.beside, error)
            self._showing = None
            self._waiting = asyncio.Queue()


# Filled when Django finds each app's `greenroom` module.
additions = Additions()
