"""Segments: who speaks on is heard in pieces, no word is lost, and nobody holds up anybody else."""

import asyncio
import threading
from collections.abc import AsyncGenerator

import numpy as np
import pytest
from pipecat.frames.frames import Frame, TranscriptionFrame
from pipecat.services.settings import STTSettings
from pipecat.utils.time import time_now_iso8601

from tests.patience import PATIENCE_SECS
from tests.visitors import RATE_HZ, speech
from tests.voicebot.listener import Listener
from voicebot.providers import pipecat_service
from voicebot.providers.priority_executor import Pool
from voicebot.providers.speech.segments import BoundedSegments, pause_in, pieces


def steady(secs: float, pauses: tuple[float, ...] = ()) -> np.ndarray:
    """Noise as loud as speech, with 0.3 s of quiet from each of `pauses` on."""
    sound = np.random.default_rng(3).normal(0, 4000, int(secs * RATE_HZ)).astype(np.int16)
    for at in pauses:
        sound[int(at * RATE_HZ) : int((at + 0.3) * RATE_HZ)] //= 100
    return sound


def test_speech_that_is_too_long_is_cut_in_its_latest_half_where_it_pauses():
    assert pause_in(steady(28, (3.0, 19.0)), RATE_HZ) / RATE_HZ == pytest.approx(19.15, abs=0.06)


@pytest.mark.parametrize(
    "samples", [steady(90, (10, 30, 50, 70)), steady(90), np.zeros(90 * RATE_HZ, np.int16)]
)
def test_pieces_are_the_whole_and_none_is_too_long(samples):
    found = pieces(samples, RATE_HZ, 28)
    assert np.array_equal(np.concatenate(found), samples)
    assert all(RATE_HZ < len(piece) <= 28 * RATE_HZ for piece in found)


class CountingSTT(BoundedSegments):
    """Notes what it is given, and hears its length; `held` until it may."""

    longest_secs = 4.0

    def __init__(self) -> None:
        super().__init__(settings=STTSettings(model=None, language=None), sample_rate=RATE_HZ)
        self.segments: list[bytes] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    @property
    def wants_wav_segments(self) -> bool:
        return False

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame, None]:
        self.segments.append(audio[: -len(self._trailing_silence())])
        number = len(self.segments)
        await self.may_answer.wait()
        yield TranscriptionFrame(f"Part {number}.", "", time_now_iso8601())


def without_pauses() -> np.ndarray:
    """Ten seconds of speech in which voice activity finds no end."""
    words = speech()
    words = words[np.convolve(np.abs(words.astype(int)), np.ones(800) / 800, "same") > 300]
    return np.tile(words, 1 + 10 * RATE_HZ // len(words))[: 10 * RATE_HZ]


async def test_an_utterance_without_end_is_heard_in_pieces_and_no_sample_is_lost():
    stt, said = CountingSTT(), without_pauses()
    async with Listener(stt) as listener:
        await listener.send(
            np.concatenate([np.zeros(RATE_HZ, np.int16), said, np.zeros(2 * RATE_HZ, np.int16)])
        )
        turn = await listener.turn()
    assert turn.split(" Part")[0] == "Part 1."
    assert turn.count("Part") == len(stt.segments) >= 3
    assert max(map(len, stt.segments)) <= 2 * RATE_HZ * (stt.longest_secs + 0.1)
    assert said[RATE_HZ // 2 :].tobytes()[: 2 * 9 * RATE_HZ] in b"".join(stt.segments)


async def test_a_turn_is_not_over_before_all_of_its_words_are_there():
    """Pipecat takes the transcript of any segment for the last one: the first part would be the question."""
    stt = CountingSTT()
    stt.may_answer.clear()
    async with Listener(stt) as listener:
        await listener.send(
            np.concatenate([np.zeros(RATE_HZ, np.int16), without_pauses(), np.zeros(2 * RATE_HZ, np.int16)])
        )
        async with asyncio.timeout(PATIENCE_SECS):
            while stt._segment_queue.qsize() < 2:
                await asyncio.sleep(0.01)
        await listener.paused_for(1.5)  # longer than Pipecat waits for a transcript
        assert not listener.turns
        stt.may_answer.set()
        assert (await listener.turn()).count("Part") == len(stt.segments)


def test_pipecats_own_recognisers_are_bounded_too():
    pytest.importorskip("openai")
    build = pipecat_service.factory(
        "stt", "pipecat.services.openai.stt.OpenAISTTService", {"api_key": "unused"}
    )
    from tests.characters.test_prompts import SHEET

    built = build(SHEET)
    assert isinstance(built, BoundedSegments)
    assert type(built).__name__ == "OpenAISTTService"


class Order:
    """The order in which a pool does what it is given while its thread is held."""

    def __init__(self) -> None:
        self.pool, self.done, self._free = Pool("order"), [], threading.Event()
        self._last = self.pool.now(self._free.wait)

    def bring(self, owner: str, count: int, due: float = 0.0) -> None:
        for number in range(count):
            name = f"{owner}{number}"
            self._last = self.pool.submit_for(owner, due, lambda name=name: self.done.append(name))

    def run(self) -> list[str]:
        self._free.set()
        self.pool.now(lambda: None).result(5)
        while self.pool._behind:
            self.pool.submit(float("inf"), lambda: None).result(5)
        return self.done


def test_whoever_brings_much_at_once_takes_turns_with_those_who_bring_little():
    order = Order()
    order.bring("a", 5)
    order.bring("b", 1)
    order.bring("c", 2)
    assert order.run() == ["a0", "b0", "c0", "a1", "c1", "a2", "a3", "a4"]


def test_work_of_one_owner_is_done_in_its_order_even_if_later_work_is_more_urgent():
    order = Order()
    order.bring("a", 2, due=100.0)
    order.bring("a", 1, due=0.0)
    assert order.run() == ["a0", "a1", "a0"]


def test_what_was_cancelled_holds_up_nobody():
    pool, free = Pool("cancelled"), threading.Event()
    pool.now(free.wait)
    given_up = [pool.submit_for("a", 0.0, lambda: 1) for _ in range(3)]
    kept = pool.submit_for("a", 0.0, lambda: 2)
    for future in given_up:
        assert future.cancel()
    free.set()
    assert kept.result(5) == 2
    assert pool.submit_for("a", 0.0, lambda: 3).result(5) == 3
    assert not pool._behind


def test_a_failure_is_its_own_and_the_next_is_served():
    pool = Pool("failing")
    with pytest.raises(ZeroDivisionError):
        pool.submit_for("a", 0.0, lambda: 1 / 0).result(5)
    assert pool.submit_for("a", 0.0, lambda: 3).result(5) == 3
