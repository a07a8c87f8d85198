"""What a client's packets are heard as, on lines that lose, delay and reorder them."""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from tests.visitors import speech
from voicebot.transport.webrtc.hearing import CLOCK_HZ, CONCEALED, LEAST_WAIT_SECS, RATE_HZ, Hearing
from voicebot.transport.webrtc.opus import Encoder

FRAME = int(0.02 * RATE_HZ)  # samples


class Clock:
    """Timers that run when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], object], asyncio.TimerHandle]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay, callback):
        handle = asyncio.TimerHandle(self.now + delay, callback, (), asyncio.get_running_loop())
        self.timers.append((self.now + delay, callback, handle))
        return handle

    def go_on(self, secs: float) -> None:
        until = self.now + secs
        while due := [timer for timer in self.timers if timer[0] <= until and not timer[2].cancelled()]:
            first = min(due, key=lambda timer: timer[0])
            self.timers.remove(first)
            self.now = first[0]
            first[1]()
        self.now = until


class Line:
    """Speech as packets, and what is heard of them."""

    def __init__(self, listens: bool = True) -> None:
        self.clock, self.heard = Clock(), []
        self.hearing = Hearing(self.heard.append, lambda: listens, self.clock)
        encoder, self.words = Encoder(RATE_HZ), speech()[int(0.9 * RATE_HZ) :]
        frames = [self.words[at : at + FRAME] for at in range(0, len(self.words) - FRAME, FRAME)]
        self.packets = [encoder.encode(frame.tobytes()) for frame in frames]
        self.silence = [encoder.encode(bytes(2 * FRAME)) for _ in range(40)]

    def send(self, number: int, packet: bytes | None = None, first: int = 1000) -> None:
        data = self.packets[number] if packet is None else packet
        self.hearing.add((first + number) & 0xFFFF, number * CLOCK_HZ // 50, data)

    @property
    def pcm(self) -> np.ndarray:
        return np.frombuffer(b"".join(self.heard), np.int16)


async def test_what_comes_in_order_is_passed_on_at_once():
    line = Line()
    for number in range(20):
        line.send(number)
        assert len(line.heard) == number + 1


@pytest.mark.parametrize("first", [1000, 65_530])
async def test_what_comes_in_another_order_is_heard_in_its_own(first):
    straight, mixed = Line(), Line()
    for number in range(20):
        straight.send(number, first=first)
    for number in [0, 2, 1, 3, 6, 5, 4, *range(7, 20)]:
        mixed.send(number, first=first)
    assert (mixed.pcm == straight.pcm).all()
    assert mixed.hearing.lost == 0


async def test_a_lost_packet_is_taken_from_the_correction_in_the_next():
    whole, lossy = Line(), Line()
    for number in range(60):
        whole.send(number)
    for number in range(60):
        if number % 10 != 5:
            lossy.send(number)
        lossy.clock.go_on(0.02)
    lossy.clock.go_on(1)
    assert lossy.hearing.lost == lossy.hearing.recovered == 6
    assert len(lossy.pcm) == len(whole.pcm)
    lost = [slice(number * FRAME, (number + 1) * FRAME) for number in range(15, 60, 10)]
    near = [
        np.corrcoef(whole.pcm[at], lossy.pcm[at])[0, 1] for at in lost if np.abs(whole.pcm[at]).max() > 500
    ]
    assert np.mean(near) > 0.5, near


async def test_a_missing_packet_is_waited_for_as_long_as_the_line_is_late():
    line = Line()
    for number in range(10):
        line.send(number)
        line.clock.go_on(0.02)
    calm = line.hearing.wait_secs
    assert calm == LEAST_WAIT_SECS
    for number in range(10, 60):
        line.clock.go_on(0.06 if number % 2 else 0.0)
        line.send(number)
    assert line.hearing.wait_secs > 2 * calm
    line.send(62)
    line.clock.go_on(calm * 1.5)
    line.send(60)
    line.send(61)
    assert line.hearing.lost == 0


async def test_time_goes_on_where_many_packets_are_lost():
    line = Line()
    for number in [*range(10), *range(30, 40)]:
        line.send(number)
    line.clock.go_on(1)
    assert len(line.pcm) == 40 * FRAME
    silent = (20 - 1 - CONCEALED) * FRAME
    assert (line.pcm[(10 + CONCEALED) * FRAME :][:silent] == 0).all()


@pytest.mark.parametrize(("listens", "secs"), [(True, 1.0), (False, 0.0)])
async def test_who_sends_nothing_is_silent_while_that_matters(listens, secs):
    line = Line(listens)
    for number in range(10):
        line.send(number)
    for number, packet in enumerate(line.silence[:20], 10):
        line.send(number, packet)
    assert len(line.silence[19]) <= 2
    before = len(line.pcm)
    line.clock.go_on(1.01)
    assert (len(line.pcm) - before) / RATE_HZ == pytest.approx(secs, abs=0.05)
    line.send(30, line.packets[30])
    after = len(line.pcm)
    line.clock.go_on(1)
    assert len(line.pcm) == after


async def test_what_comes_twice_or_too_late_or_is_no_opus_is_left_out():
    line = Line()
    for number in (0, 1, 1, 0, 2):
        line.send(number)
    assert len(line.heard) == 3
    line.send(3, b"\xff" * 7)
    line.send(4, b"")
    line.send(5)
    line.clock.go_on(1)
    assert len(line.pcm) in (5 * FRAME, 4 * FRAME)
    line.hearing.add(30_000, 0, line.packets[7])  # a source that begins anew
    line.hearing.add(30_001, 960, line.packets[8])
    assert len(line.heard) >= 5


async def test_nobody_makes_packets_wait_without_end():
    line = Line()
    line.send(0)
    for number in range(2, 130):
        line.hearing.add(1000 + number, number * 960, line.packets[7])
    assert len(line.hearing._waiting) == 0
