"""A call that nobody talks in: the server sends one tone and listens for another, and then hangs up.

It has no session, no pipeline and no seat; it counts against the calls of the process.
"""

import asyncio
import contextvars
import logging
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from pipecat.frames.frames import OutputAudioRawFrame, OutputTransportMessageUrgentFrame

from sessions_app.exceptions import SessionError
from voicebot.transport import Calls, serializer

if TYPE_CHECKING:
    from voicebot.transport import Call

log = logging.getLogger(__name__)

OPEN_SECS = 20.0  # for the browser to come, as for a visitor's call
LASTS_SECS = 15.0
TONE_HZ, HEARD_HZ = 660, 440  # what is sent, and what the browser sends
RATE_HZ = 24_000
LISTENED_SECS = 0.3  # of sound, before it is judged
CLEAR = 0.5  # of its energy, within a few hertz of the tone
running: set[asyncio.Task[None]] = set()  # held until they are done


async def begin(calls: Calls, sdp: str, address: str) -> str:
    """The answer to a browser's offer. Raises OfferError, LimitReached."""
    alone = uuid.uuid4()
    call, answer = await calls.begin(alone, sdp, address)
    task = asyncio.create_task(_hold(calls, alone, call), context=contextvars.Context())
    running.add(task)
    task.add_done_callback(running.discard)
    return answer


async def _hold(calls: Calls, alone: uuid.UUID, call: "Call") -> None:
    try:
        if await call.opened(OPEN_SECS):
            await call.send(OutputAudioRawFrame(tone(TONE_HZ, RATE_HZ, LASTS_SECS), RATE_HZ, 1))
            with suppress(TimeoutError):
                async with asyncio.timeout(LASTS_SECS):
                    await _listen(call)
    except (SessionError, serializer.WireError):
        pass  # no browser that shows our page sends that
    except Exception:
        log.exception("a trial of the line failed")
    finally:
        await calls.end(alone, call)


async def _listen(call: "Call") -> None:
    """Until the browser hangs up; it is told once its tone has been heard."""
    heard, told = bytearray(), False
    while (received := await call.receive()) is not None:
        item = received[0]
        if told or not isinstance(item, serializer.Audio):
            continue
        heard += item.pcm
        if len(heard) < 2 * LISTENED_SECS * item.rate_hz:
            continue
        if is_tone(bytes(heard), item.rate_hz, HEARD_HZ):
            data = {"type": "trial", "heard": True}
            message = {"label": "rtvi-ai", "type": "server-message", "data": data}
            await call.send(OutputTransportMessageUrgentFrame(message))
            told = True
        heard.clear()


def tone(hz: int, rate_hz: int, secs: float) -> bytes:
    """Mono int16 PCM."""
    at = np.arange(int(secs * rate_hz)) / rate_hz
    return (8000 * np.sin(2 * np.pi * hz * at)).astype(np.int16).tobytes()


def is_tone(pcm: bytes, rate_hz: int, hz: int) -> bool:
    """Whether mono int16 PCM is mostly this tone, and loud enough to be heard."""
    samples = np.frombuffer(pcm, np.int16).astype(np.float64)
    if np.abs(samples).max(initial=0) < 500:
        return False
    energy = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    near = np.abs(np.fft.rfftfreq(len(samples), 1 / rate_hz) - hz) < 25
    return bool(energy[near].sum() > CLEAR * energy.sum())
