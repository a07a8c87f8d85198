"""Where the time of a reply goes, and who is told."""

import asyncio

import numpy as np
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    LLMTextFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)

from tests.visitors import RATE_HZ, Visitor
from voicebot.pipeline.latency import Stopwatch, Timing

WALL = 1.0  # what the computer's clock says is no matter: it may have been set back meanwhile


class Moments:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def follow(*steps: tuple[float, object]) -> list[Timing]:
    """The timings that a stopwatch gives for frames at these moments, in seconds after 100."""
    moments = Moments()
    watch = Stopwatch(moments)
    found = []
    for after, frame in steps:
        moments.now = 100 + after
        found.append(watch.see(frame))  # type: ignore[arg-type]
    return [timing for timing in found if timing is not None]


def stopped(at: float) -> tuple[float, VADUserStoppedSpeakingFrame]:
    """Voice activity notices at `at` that there was silence for 0.2 s."""
    return at, VADUserStoppedSpeakingFrame(stop_secs=0.2, timestamp=WALL)


AUDIO = TTSAudioRawFrame(b"\0\0", 24_000, 1)


def test_a_reply_is_broken_down_from_the_end_of_the_words():
    (timing,) = follow(
        (0.0, VADUserStartedSpeakingFrame()),
        stopped(1.2),
        (1.4, TranscriptionFrame("hello", "user", "")),
        (1.5, UserStoppedSpeakingFrame()),
        (1.8, LLMTextFrame("Ahoy")),
        (1.9, LLMTextFrame(" there")),
        (2.1, AUDIO),
        (2.2, AUDIO),
        (2.3, BotStartedSpeakingFrame()),
    )
    assert timing.as_message() == {
        "type": "latency",
        "totalMs": 1300,
        "endOfTurnMs": 500,
        "sttMs": 400,
        "llmMs": 300,
        "ttsMs": 300,
        "outMs": 200,
    }


def test_a_greeting_and_a_typed_question_have_no_timing():
    assert follow((0.0, LLMTextFrame("Ahoy")), (0.1, AUDIO), (0.2, BotStartedSpeakingFrame())) == []


def test_who_goes_on_speaking_begins_anew():
    (timing,) = follow(
        stopped(1.0),
        (1.1, TranscriptionFrame("tell me", "user", "")),
        (1.3, VADUserStartedSpeakingFrame()),
        stopped(3.0),
        (3.2, UserStoppedSpeakingFrame()),
        (3.3, AUDIO),
        (3.4, BotStartedSpeakingFrame()),
        (9.0, BotStartedSpeakingFrame()),
    )
    assert round(timing.total, 3) == 0.6
    assert (timing.llm, round(timing.tts, 3)) == (0.0, 0.1)


async def test_the_page_and_the_operator_are_told(server):
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
        await visitor.ask()
        silence = asyncio.create_task(visitor.speak(np.zeros(2 * RATE_HZ, np.int16)))
        await visitor.until(lambda: visitor.server_messages("latency"))
        silence.cancel()
        told = visitor.server_messages("latency")[-1]  # a question may be heard, and answered, in two pieces
    assert 0 < told["totalMs"] < 5000
    parts = told["endOfTurnMs"] + told["llmMs"] + told["ttsMs"] + told["outMs"]
    assert abs(told["totalMs"] - parts) <= 4
    metrics = (await asyncio.to_thread(server.request, "/metrics")).body.decode()
    assert 'greenroom_reply_seconds_count{stage="total"}' in metrics
    assert "captain" not in metrics
    assert "hello" not in metrics
