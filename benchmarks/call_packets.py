"""What the packets of a call cost, in microseconds of CPU: `python -m benchmarks.call_packets [--pesq]`.

A packet of a visitor's, from its datagram to its sound, by aiortc's way and by ours; 20 ms of the voice's
Opus for a client that may lose packets and for one that loses none. `--pesq` prints how good those two sound,
too (ITU-T P.862.2, of nine sentences; wants the package `pesq`, which is no dependency of Greenroom).
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable
from functools import cache

import numpy as np
from aioice import Candidate, ice

from benchmarks import django_ready  # noqa: F401
from benchmarks.crowd import QUESTIONS
from tests.visitors import RATE_HZ, speech
from tests.voicebot.calls.test_aiortc_internals import Source
from voicebot.transport.webrtc.hearing import Hearing
from voicebot.transport.webrtc.opus import Decoder, Encoder

ROUNDS, VOICE_HZ = 7, 24_000
LOSSES = {"provides for losses": 10, "loses nothing": 0}


def frames(pcm: np.ndarray, size: int) -> list[bytes]:
    data = pcm.tobytes()
    return [data[at : at + size].ljust(size, b"\0") for at in range(0, len(data), size)]


def voice(pcm: np.ndarray) -> np.ndarray:
    """What is at 16 kHz at the voice's 24 kHz, without what would be above 8 kHz."""
    spectrum = np.fft.rfft(pcm[: len(pcm) // 2 * 2].astype(float))
    count = len(pcm) // 2 * 3
    whole = np.zeros(count // 2 + 1, complex)
    whole[: len(spectrum)] = spectrum
    return np.clip(np.fft.irfft(whole, count) * 1.5, -32768, 32767).astype(np.int16)


async def received(*, ours: bool) -> float:
    source, encoder = Source(), Encoder(RATE_HZ)
    sound = [encoder.encode(frame) for frame in frames(speech(), encoder.frame_bytes)]
    packets = [source.packet(number, each) for number, each in enumerate(sound)]
    heard: list[bytes] = []
    hearing = Hearing(heard.append, lambda: False)
    source.hear(hearing.add)
    protocol, dtls = source.protocol, source.receiver.transport
    if not ours:
        protocol = ice.StunProtocol(source.connection)
        protocol.local_candidate = Candidate("1", 1, "udp", 1, "127.0.0.1", 1, "host")
    setattr(dtls, "_RTCDtlsTransport__handshake_done", True)  # noqa: B010
    source.connection._nominated[1] = object()
    dtls._rtp_router.register_receiver(source.receiver, [7], [96])

    async def pump() -> None:
        while True:
            await dtls._recv_next()

    pumping = asyncio.create_task(pump())
    await asyncio.sleep(0)
    began = time.process_time()
    for packet in packets:
        protocol.datagram_received(packet, ("127.0.0.1", 9))
        await asyncio.sleep(0)
    took = time.process_time() - began
    pumping.cancel()
    hearing.close()
    if len(heard) < len(packets):
        raise RuntimeError(f"{len(heard)} of {len(packets)} were heard")
    return took / len(packets)


def encoded(loss_percent: int) -> float:
    encoder = Encoder(VOICE_HZ)
    encoder.provide_for(loss_percent)
    parts = frames(voice(speech()), encoder.frame_bytes)
    began = time.process_time()
    for part in parts:
        encoder.encode(part)
    return (time.process_time() - began) / len(parts)


@cache
def sentences() -> list[np.ndarray]:
    """The same for all: a voice says a sentence differently each time."""
    from tests.piper_speech import spoken

    return [speech(), *map(spoken, QUESTIONS)]


def quality(loss_percent: int) -> float:
    from pesq import pesq

    found = []
    for said in sentences():
        encoder, decoder = Encoder(VOICE_HZ), Decoder(RATE_HZ)
        encoder.provide_for(loss_percent)
        parts = frames(voice(said), encoder.frame_bytes)
        heard = np.frombuffer(b"".join(decoder.decode(encoder.encode(part)) for part in parts), np.int16)
        size = min(len(heard), len(said))
        found.append(pesq(RATE_HZ, said[:size], heard[:size], "wb"))
    return statistics.mean(found)


def median_us(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(ROUNDS)) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pesq", action="store_true")
    options = parser.parse_args()
    for name, ours in (("aiortc's way", False), ("ours", True)):
        print(
            f"a packet of a visitor's, {name}: {median_us(lambda: asyncio.run(received(ours=ours))):.0f} us"
        )
    for name, loss_percent in LOSSES.items():
        print(f"20 ms of the voice, {name}: {median_us(lambda: encoded(loss_percent)):.0f} us", flush=True)
        if options.pesq:
            print(f"    PESQ {quality(loss_percent):.2f}")


if __name__ == "__main__":
    main()
