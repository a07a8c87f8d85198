"""Any voice of Pipecat's: what it did not voice is not passed on as spoken, whatever happened."""

import asyncio
import time
from collections.abc import AsyncGenerator

import pytest
from pipecat.frames.frames import (
    AggregatedTextFrame,
    ErrorFrame,
    Frame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
    TTSTextFrame,
)
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService
from pipecat.tests.utils import run_test
from pipecat.utils.text.base_text_aggregator import TextType

from tests.characters.test_prompts import SHEET
from tests.patience import PATIENCE_SECS
from voicebot.pipeline.replies.sentence_limit import EnoughFrame
from voicebot.providers.llm.reply_frames import ReplyIncompleteFrame
from voicebot.providers.one_shot import NoAnswer
from voicebot.providers.speech import voice_sample
from voicebot.providers.speech.synthesis import bounded

TIMEOUT_SECS = 0.3
RATE_HZ = 24_000
IDLE_SECS = 90.0  # for which Pipecat waits for more sound, were it not told that there is none


class Voice(TTSService):
    """Someone else's service: a tenth of a second of sound a word, unless a word of the text is a fault."""

    def __init__(self, *, timed: bool = False, idle_secs: float = IDLE_SECS):
        super().__init__(
            settings=TTSSettings(model=None, voice=None, language=None),
            sample_rate=RATE_HZ,
            push_start_frame=True,
            push_stop_frames=True,
            stop_frame_timeout_s=idle_secs,
            push_text_frames=not timed,
        )
        self.timed = timed
        self.asked: list[str] = []
        self.secs = 0.0

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        self.asked.append(text)
        if "raises" in text:
            raise ConnectionError("gone")
        if "reports" in text:
            yield ErrorFrame(error="it does not work")
            return
        if "hangs" in text:
            await asyncio.Event().wait()
        if "nothing" in text:
            return
        for number, word in enumerate(text.split()):
            if number == 2 and "stalls" in text:
                await asyncio.Event().wait()
            if number == 2 and "dies" in text:
                raise ConnectionError("gone")
            if self.timed:
                await self.add_word_timestamps([(word, self.secs)], context_id)
            self.secs += 0.1
            yield TTSAudioRawFrame(bytes(RATE_HZ // 5), RATE_HZ, 1, context_id=context_id)


def reply(*sentences: str) -> list[Frame]:
    texts = [AggregatedTextFrame(sentence, TextType.SENTENCE) for sentence in sentences]
    return [LLMFullResponseStartFrame(), *texts, LLMFullResponseEndFrame()]


@pytest.fixture(autouse=True)
def _impatient(settings) -> None:
    settings.PROVIDER_TIMEOUT_SECS = TIMEOUT_SECS


async def down_and_up(voice: TTSService, *frames: Frame) -> tuple[list[Frame], list[Frame]]:
    down, up = await run_test(voice, frames_to_send=list(frames), expected_down_frames=None)
    return list(down), list(up)


def spoken(frames: list[Frame]) -> str:
    return " ".join(frame.text for frame in frames if isinstance(frame, TTSTextFrame))


FAULTS = ["raises", "reports", "hangs", "nothing", "stalls", "dies"]


@pytest.mark.parametrize("timed", [False, True], ids=["by sentence", "by word"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_reply_ends_where_its_voice_failed(fault, timed):
    voice = bounded(Voice)(timed=timed)
    began = time.monotonic()
    down, up = await down_and_up(voice, *reply("The first is said.", f"The second {fault}.", "The third."))
    assert time.monotonic() - began < IDLE_SECS / 2
    # Words that were timed and voiced were heard; of what is told by the sentence only whole ones count.
    half = "The second" if timed and fault in ("stalls", "dies") else ""
    assert spoken(down) == f"The first is said. {half}".strip()
    assert voice.asked == ["The first is said.", f"The second {fault}."]
    kinds = [type(frame) for frame in down]
    assert kinds.count(ReplyIncompleteFrame) >= 1
    end = kinds.index(LLMFullResponseEndFrame)
    assert kinds.index(TTSTextFrame) < kinds.index(ReplyIncompleteFrame) < end
    assert len([frame for frame in up if isinstance(frame, ErrorFrame)]) == 1
    assert [frame for frame in up if isinstance(frame, EnoughFrame)]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_failed_reply_is_over_at_once_and_the_next_one_is_spoken(fault):
    voice = bounded(Voice)()
    began = time.monotonic()
    down, up = await down_and_up(
        voice, *reply(f"It now {fault}."), *reply(f"It {fault} again."), *reply("Well.")
    )
    assert time.monotonic() - began < IDLE_SECS / 2
    assert spoken(down) == "Well."
    assert len([frame for frame in up if isinstance(frame, ErrorFrame)]) == 2
    assert voice.is_usable


async def test_a_voice_that_fails_time_and_again_is_not_written_off():
    voice = bounded(Voice)()
    frames = [frame for n in range(5) for frame in reply(f"It brings nothing, {n}.")]
    down, _ = await down_and_up(voice, *frames, *reply("And yet."))
    assert spoken(down) == "And yet."


async def test_a_slow_voice_is_not_taken_for_one_that_is_done(settings):
    settings.PROVIDER_TIMEOUT_SECS = 10

    class Slow(Voice):
        async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
            await asyncio.sleep(3.5)  # Pipecat gives a quiet context three
            async for frame in super().run_tts(text, context_id):
                yield frame

    down, up = await down_and_up(bounded(Slow)(idle_secs=3.0), *reply("At last."))
    assert spoken(down) == "At last."
    assert [type(frame) for frame in down].count(TTSStoppedFrame) == 1
    assert not [frame for frame in up if isinstance(frame, ErrorFrame)]


async def test_a_voice_that_only_trickles_is_given_up(settings):
    class Trickling(Voice):
        async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
            while True:
                await asyncio.sleep(TIMEOUT_SECS / 3)  # each piece would be in time
                yield TTSAudioRawFrame(bytes(RATE_HZ // 50), RATE_HZ, 1, context_id=context_id)

    down, up = await asyncio.wait_for(
        down_and_up(bounded(Trickling)(), *reply("It never ends.")), PATIENCE_SECS
    )
    assert spoken(down) == ""
    assert len([frame for frame in up if isinstance(frame, ErrorFrame)]) == 1


async def test_what_is_only_read_keeps_its_place():
    written = AggregatedTextFrame("*She nods.*", TextType.SENTENCE)
    written.skip_tts = True
    frames = reply("The first is said.", "The second is said.")
    down, _ = await down_and_up(bounded(Voice)(), *frames[:2], written, *frames[2:])
    texts = [f.text for f in down if isinstance(f, AggregatedTextFrame) and f.append_to_context]
    assert texts == ["The first is said.", "*She nods.*", "The second is said."]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_sentence_that_was_not_spoken_to_its_end_is_no_recording_of_it(fault):
    with pytest.raises(NoAnswer):
        await voice_sample.wav(lambda _spec: bounded(Voice)(), SHEET, f"Forgive me, it {fault} again.")
    assert await voice_sample.wav(lambda _spec: bounded(Voice)(), SHEET, "Forgive me.")


def test_it_is_still_the_same_service():
    assert bounded(Voice).__name__ == "Voice"
    assert bounded(bounded(Voice)) is bounded(Voice)
