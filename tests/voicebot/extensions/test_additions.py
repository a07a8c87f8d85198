"""What other apps put into a pipeline stands where they say, and cannot take the conversation down."""

import asyncio
import gc
import logging
from typing import Any

import pytest
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    TranscriptionFrame,
)
from pipecat.observers.base_observer import BaseObserver, FramePushed
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from tests.visitors import question
from tests.voicebot.live import conversation
from tests.voicebot.players import RecitingLLM
from voicebot.extensions import registering
from voicebot.extensions.additions import MOST_WAITING, Additions, Beside
from voicebot.providers.scripted import HEARD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
SENTENCE = question()
SECRET = "a word of the visitor"


class Noting(FrameProcessor):
    """Notes what passes, by name."""

    def __init__(self, name: str, seen: list[tuple[str, str]]) -> None:
        super().__init__()
        self.named, self.seen = name, seen

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            self.seen.append((self.named, frame.text))
        await self.push_frame(frame, direction)


class Stuck(Noting):
    """Never comes back from a word, and takes its time for audio."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, (TranscriptionFrame, InputAudioRawFrame)):
            await asyncio.Event().wait()


class Broken(Noting):
    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            raise ValueError(SECRET)


@pytest.fixture
def added(monkeypatch) -> Additions:
    """Nothing is added but what a test adds."""
    own = Additions()
    for module in ("voicebot.extensions.registering", "voicebot.pipeline.session_pipeline"):
        monkeypatch.setattr(f"{module}.additions", own)
    return own


async def heard(**options: Any) -> Any:
    """A conversation in which the visitor has said something and was answered; its turns."""
    async with conversation(llm=RecitingLLM, **options) as one:
        await one.greeted()
        await one.say(SENTENCE, silence_secs=1.5)
        await one.until(lambda: one.of("bot-stopped-speaking")[1:], 20)
        await one.pipeline.settle(5)
        return one, [(turn.role, turn.text) for turn in await one.turns()]


async def test_processors_stand_before_after_and_beside_their_stage_in_order(added):
    seen: list[tuple[str, str]] = []
    registering.processor(lambda state: Noting("second", seen), before="user")
    registering.processor(lambda state: Noting("first", seen), after="stt")
    registering.processor(lambda state: Noting("beside", seen), beside="stt")
    registering.processor(lambda state: None, after="llm")
    _, turns = await heard()
    assert ("user", HEARD) in turns
    assert [name for name, text in seen if name != "beside"] == ["first", "second"]
    assert ("beside", HEARD) in seen


async def test_one_beside_that_never_comes_back_holds_up_nobody_and_is_not_fed_for_ever(added):
    seen: list[tuple[str, str]] = []
    registering.processor(lambda state: Stuck("stuck", seen), beside="input")
    _, turns = await heard()
    assert ("user", HEARD) in turns
    (beside,) = [p for p in gc.get_objects() if type(p) is Beside and type(p.beside) is Stuck]
    assert MOST_WAITING // 4 < beside.waiting <= MOST_WAITING + 20, "audio that nobody takes is dropped"


@pytest.mark.parametrize("how", ["is not made", "fails beside"])
async def test_one_that_fails_is_left_out_and_its_error_is_not_quoted(added, caplog, how):
    def make(state: Any) -> FrameProcessor:
        if how == "is not made":
            raise ValueError(SECRET)
        return Broken("broken", [])

    registering.processor(make, beside="stt")
    with caplog.at_level(logging.DEBUG):
        _, turns = await heard()
    assert ("user", HEARD) in turns
    assert [role for role, _ in turns][-1] == "assistant"
    told = [record.getMessage() for record in caplog.records if "goes on without it" in record.getMessage()]
    assert len(told) == 1
    assert "ValueError" in told[0]
    assert SECRET not in caplog.text


async def test_words_are_changed_before_they_are_kept_shown_and_spoken(added):
    @registering.text_transform("heard")
    def loud(text: str, state: Any) -> str:
        return text.upper()

    @registering.text_transform("heard")
    def failing(text: str, state: Any) -> str:
        raise ValueError(SECRET)

    @registering.text_transform("reply")
    def polite(text: str, state: Any) -> str:
        return f"{state.spec.name} says: {text}"

    one, turns = await heard()
    assert ("user", HEARD.upper()) in turns
    assert turns[-1][1].startswith("Captain Marlow says: ")
    assert HEARD.upper()[:10] in turns[-1][1], "the model was told what was changed"
    shown = [m["data"]["text"] for m in one.of("user-transcription") if m["data"]["final"]]
    assert shown == [HEARD.upper()]


async def test_observers_are_made_for_each_conversation(added):
    seen: list[str] = []

    class Watching(BaseObserver):
        async def on_push_frame(self, data: FramePushed) -> None:
            seen.append(type(data.frame).__name__)

    registering.observer(lambda state: Watching())
    await heard()
    assert "TranscriptionFrame" in seen
    assert "InputAudioRawFrame" not in seen
