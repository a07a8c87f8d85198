"""What a visitor's ear gets of a reply: what came of it, when, played as the page and browsers play it."""

from dataclasses import dataclass, field

import numpy as np

from benchmarks import django_ready  # noqa: F401
from voicebot.transport.webrtc.opus import Decoder, OpusError

RATE_HZ = 16_000
CLOCK_HZ = 48_000  # of RTP timestamps
LEAST_SECS, MOST_SECS = 0.12, 1.0  # of the cushion, see voicebot/client/src/line-rate.ts
GAP_SECS = 0.1
MADE_UP = 5  # packets in a row that a decoder conceals; then it is silent
AUDIBLE = 500  # int16


@dataclass
class Played:
    """A reply as it is heard."""

    pcm: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int16))
    first_sound_at: float = 0.0  # monotonic seconds, 0 where there is none
    gaps: list[float] = field(default_factory=list)  # seconds each
    peak_secs: float = 0.0  # how late the latest was


def cushion(peak_secs: float, round_trip_secs: float = 0.0) -> float:
    """How much is waited for: `round_trip_secs` for a line that sends again what was lost."""
    again = 2.2 * round_trip_secs + 0.05 if round_trip_secs else 0.0
    return min(MOST_SECS, max(LEAST_SECS, again, 1.25 * peak_secs + 0.04))


def _first_sound(pcm: np.ndarray, begins_at: float) -> float:
    loud = np.flatnonzero(np.abs(pcm) > AUDIBLE)
    return begins_at + loud[0] / RATE_HZ if len(loud) else 0.0


def of_stream(chunks: list[tuple[float, np.ndarray]], wait_secs: float) -> Played:
    """Chunks with the moment at which each came, in order and whole, as a WebSocket brings them."""
    if not chunks:
        return Played()
    found = Played()
    begins = playhead = chunks[0][0] + wait_secs
    heard = []
    quickest, sound = float("inf"), 0.0
    for at, pcm in chunks:
        quickest = min(quickest, at - sound)
        sound += len(pcm) / RATE_HZ
    sound = 0.0
    for at, pcm in chunks:
        found.peak_secs = max(found.peak_secs, min(MOST_SECS, at - sound - quickest))
        sound += len(pcm) / RATE_HZ
        if at > playhead:
            gap = at + wait_secs - playhead
            heard.append(np.zeros(int(gap * RATE_HZ), np.int16))
            found.gaps.append(gap)
            playhead += gap
        heard.append(pcm)
        playhead += len(pcm) / RATE_HZ
    found.pcm = np.concatenate(heard)
    found.first_sound_at = _first_sound(found.pcm, begins)
    return found


def of_packets(packets: list[tuple[float, int, int, bytes]], wait_secs: float) -> Played:
    """Opus packets (moment, sequence number, timestamp, payload) as they came, some of them not."""
    found = Played()
    there = {number: (at, stamp, data) for at, number, stamp, data in packets if data}
    if not there:
        return found
    base = min(at - stamp / CLOCK_HZ for at, stamp, _ in there.values())
    late = {number: at - stamp / CLOCK_HZ - base for number, (at, stamp, _) in there.items()}
    found.peak_secs = min(MOST_SECS, max(late.values()))
    there = {number: one for number, one in there.items() if late[number] <= wait_secs}
    decoder = Decoder(RATE_HZ)
    numbers = sorted(there)
    first = there[numbers[0]][1]
    heard: list[bytes] = []
    samples = 0

    def put(pcm: bytes) -> None:
        nonlocal samples
        heard.append(pcm)
        samples += len(pcm) // 2

    before = numbers[0] - 1
    for number in numbers:
        _, stamp, data = there[number]
        missing, due = number - before - 1, round((stamp - first) / CLOCK_HZ * RATE_HZ)
        before = number
        try:
            if missing:
                for _ in range(min(missing - 1, MADE_UP)):
                    put(decoder.conceal(0.02))
                lost_secs = (due - samples) / RATE_HZ - 0.02
                # What is lost in silence, where one packet stands for 0.4 s, is no gap.
                if lost_secs > GAP_SECS and missing * 0.02 + 0.02 >= lost_secs:
                    found.gaps.append(lost_secs)
                put(bytes(2 * max(0, due - samples - int(0.02 * RATE_HZ))))
                put(decoder.recover(data, 0.02))
            put(bytes(2 * max(0, due - samples)))
            put(decoder.decode(data))
        except OpusError:
            continue
    found.pcm = np.frombuffer(b"".join(heard), np.int16)
    found.first_sound_at = _first_sound(found.pcm, base + first / CLOCK_HZ + wait_secs)
    return found
