"""What Pipecat's services call when: an upgrade that does it in another order fails here."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from openai import AsyncOpenAI
from pipecat.frames.frames import (
    AggregatedTextFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.filters.identity_filter import IdentityFilter
from pipecat.services.openai.stt import OpenAISTTService
from pipecat.services.openai.tts import OpenAITTSService
from pipecat.services.settings import STTSettings, TTSSettings
from pipecat.tests.utils import SleepFrame, run_test
from pipecat.utils.text.base_text_aggregator import TextType

from tests.patience import PATIENCE_SECS
from voicebot.pipecat_internals.segments import SegmentHooks
from voicebot.pipecat_internals.services import client_of, set_client_options
from voicebot.pipecat_internals.synthesis import SynthesisHooks
from voicebot.providers import fallback

RATE_HZ = 16_000
HALF_SECOND = bytes(RATE_HZ)


class Recogniser(SegmentHooks):
    """Takes every segment down, and cuts the first one."""

    def __init__(self) -> None:
        super().__init__(
            settings=STTSettings(model=None, language=None), sample_rate=RATE_HZ, trailing_silence_secs=0.5
        )
        self.calls: list[str] = []
        self.segments: list[int] = []

    @property
    def wants_wav_segments(self) -> bool:
        return False

    async def on_speech_began(self, frame: VADUserStartedSpeakingFrame) -> None:
        self.calls.append("began")
        await super().on_speech_began(frame)
        assert self.hears_speech

    async def on_speech_ended(self, frame: VADUserStoppedSpeakingFrame) -> None:
        self.calls.append("ended")
        before = self.waiting_segments
        await super().on_speech_ended(frame)
        assert not self.hears_speech
        assert self.waiting_segments == before + 1
        assert self.heard_bytes == 0

    async def process_audio_frame(self, frame: InputAudioRawFrame, direction: Any) -> None:
        await super().process_audio_frame(frame, direction)
        if self.hears_speech and not self.segments and "ended" not in self.calls:
            assert self.heard_pcm == HALF_SECOND
            await self.cut_segment(1000)
            assert self.hears_speech
            assert self.heard_bytes == len(HALF_SECOND) - 1000

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame, None]:
        self.segments.append(len(audio))
        yield TranscriptionFrame("Hello.", "", "")


async def test_a_segment_is_handed_over_when_speech_ends_and_may_be_cut_before():
    stt = Recogniser()
    heard = InputAudioRawFrame(HALF_SECOND, RATE_HZ, 1)
    frames = [VADUserStartedSpeakingFrame(), heard, SleepFrame(0.05), VADUserStoppedSpeakingFrame()]
    down, _ = await run_test(stt, frames_to_send=frames)
    silence = len(HALF_SECOND)
    assert stt.calls == ["began", "ended", "ended"]
    assert stt.segments == [1000 + silence, len(HALF_SECOND) - 1000 + silence]
    words = [frame for frame in down if isinstance(frame, TranscriptionFrame)]
    assert [frame.finalized for frame in words] == [True, True]


class Voice(SynthesisHooks):
    """Says everything in half a second, and where it has word times, its words with it."""

    def __init__(self, *, word_times: bool) -> None:
        super().__init__(
            settings=TTSSettings(model=None, voice=None, language=None),
            sample_rate=RATE_HZ,
            push_text_frames=not word_times,
            push_start_frame=True,
            push_stop_frames=True,
        )
        self.calls: list[tuple[str, ...]] = []
        self.settings_taken: Any = None

    async def speak_text(self, source: AggregatedTextFrame, text: str, context_id: str) -> None:
        self.calls.append(("speak", text))
        assert context_id == self.turn_context
        await super().speak_text(source, text, context_id)

    async def request_speech(self, text: str, context_id: str) -> None:
        self.calls.append(("request", text))
        assert self.is_in_history(context_id)
        await super().request_speech(text, context_id)

    async def note_spoken(self, source: Any, text: str, context_id: str, in_history: bool) -> None:
        self.calls.append(("spoken", text))
        assert in_history
        await super().note_spoken(source, text, context_id, in_history)

    async def complete_words(self, context_id: str) -> None:
        if ("complete",) not in self.calls:
            self.calls.append(("complete",))
        await super().complete_words(context_id)

    async def context_ended(self, context_id: str, sounded: bool) -> None:
        self.calls.append(("ended", str(sounded)))
        await super().context_ended(context_id, sounded)

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        self.keep_context_open(context_id)
        yield TTSAudioRawFrame(HALF_SECOND, RATE_HZ, 1, context_id=context_id)
        if self.tells_word_times:
            await self.add_word_timestamps([(word, 0.1) for word in text.split()], context_id)


def sentence(text: str) -> AggregatedTextFrame:
    return AggregatedTextFrame(text, TextType.SENTENCE)


def reply(*sentences: Frame) -> list[Frame]:
    return [LLMFullResponseStartFrame(), *sentences, LLMFullResponseEndFrame(), SleepFrame(0.2)]


@pytest.mark.parametrize("word_times", [False, True])
async def test_a_sentence_is_asked_for_noted_played_and_completed_in_this_order(word_times):
    voice = Voice(word_times=word_times)
    down, _ = await run_test(voice, frames_to_send=reply(sentence("Hello there.")))
    asked = [("speak", "Hello there."), ("request", "Hello there."), ("spoken", "Hello there.")]
    assert voice.calls == [*asked, ("complete",), ("ended", "True")]
    said = [frame.text for frame in down if isinstance(frame, TTSTextFrame)]
    assert said == (["Hello", "there."] if word_times else ["Hello there."])
    assert voice.turn_context is None
    assert bool(voice.reply_words_end) is word_times


class ForgetfulVoice(Voice):
    """Drops what it did not get to say."""

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        yield TTSAudioRawFrame(HALF_SECOND, RATE_HZ, 1, context_id=context_id)
        self.close_context_with_turn(True)

    async def complete_words(self, context_id: str) -> None:
        await self.drop_words(context_id, (TTSTextFrame,))


async def test_words_that_were_not_timed_are_pushed_at_the_end_unless_they_are_dropped():
    down, _ = await run_test(ForgetfulVoice(word_times=True), frames_to_send=reply(sentence("Hello there.")))
    assert any(isinstance(frame, TTSAudioRawFrame) for frame in down)
    assert not any(isinstance(frame, TTSTextFrame) for frame in down)


async def test_a_frame_keeps_its_place_behind_what_is_being_spoken():
    class Written(Voice):
        async def process_frame(self, frame: Frame, direction: Any) -> None:
            if isinstance(frame, AggregatedTextFrame) and frame.skip_tts:
                await self.process_without_speaking(frame, direction)
                await self.queue_in_place(frame)
            else:
                await super().process_frame(frame, direction)

    aside = sentence("She nods.")
    aside.skip_tts = True
    down, _ = await run_test(Written(word_times=False), frames_to_send=reply(sentence("Hello."), aside))
    kinds = (TTSAudioRawFrame, TTSTextFrame, AggregatedTextFrame)
    later = [frame for frame in down if isinstance(frame, kinds)][1:]  # behind the announcement
    assert [type(frame) for frame in later] == [TTSAudioRawFrame, TTSTextFrame, AggregatedTextFrame]
    assert later[-1] is aside


async def test_settings_are_changed_at_once():
    voice = Voice(word_times=False)
    await voice.change_settings(TTSSettings(voice="other"))
    assert voice.settings.voice == "other"


@pytest.mark.parametrize("kind", [OpenAITTSService, OpenAISTTService])
async def test_a_service_asks_by_the_client_whose_options_are_set(kind):
    service = kind(api_key="unused")
    set_client_options(service, max_retries=7, timeout=3)
    client = client_of(service)
    assert isinstance(client, AsyncOpenAI)
    assert (client.max_retries, client.timeout) == (7, 3)
    await asyncio.sleep(0)


class Served(IdentityFilter):
    """Keeps what it is queued instead of being part of a pipeline."""

    async def queue_frame(self, frame: Frame, *_: Any) -> None:
        self.queued = frame


async def test_the_first_provider_is_switched_to_again_by_a_frame(monkeypatch):
    first, second = Served(), Served()
    strategy = fallback.TakesOver([first, second])
    monkeypatch.setattr(fallback, "RECOVER_SECS", 0.0)
    error = ErrorFrame(error="broken")
    error.processor = first
    await strategy.handle_error(error)
    assert strategy.active_service is second
    assert not first.is_usable
    async with asyncio.timeout(PATIENCE_SECS):
        while strategy.active_service is second:
            await asyncio.sleep(0)
    assert strategy.active_service is first
    assert first.is_usable
