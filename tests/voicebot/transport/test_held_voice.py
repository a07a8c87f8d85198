"""A held voice is silent at once, and goes on at the sample at which it was heard last."""

import asyncio

import numpy as np
from pipecat.frames.frames import OutputAudioRawFrame

from voicebot.transport.held_voice import CUSHION_SECS, HeldVoice

RATE_HZ = 24_000
CHUNK_SECS = 0.08


class Spoken:
    """A voice whose samples are their own numbers, sent 0.2 s ahead of its playback."""

    def __init__(self) -> None:
        self.now = 100.0
        self.voice = HeldVoice(lambda: self.now)
        size = int(CHUNK_SECS * RATE_HZ)
        for number in range(10):
            pcm = np.arange(number * size, (number + 1) * size).astype(np.uint16).tobytes()
            self.voice.note_sent(OutputAudioRawFrame(pcm, RATE_HZ, 1), 100.0 + (number + 1) * CHUNK_SECS)

    def again(self) -> np.ndarray:
        chunks = [np.frombuffer(frame.audio, np.uint16) for frame in self.voice.unheard]
        return np.concatenate(chunks) if chunks else np.array([])


def test_what_was_not_heard_is_sent_again_from_the_very_sample():
    spoken = Spoken()
    spoken.now = 100.6
    spoken.voice.hold()
    spoken.now = 101.4
    again = spoken.again()
    first = (0.6 - CUSHION_SECS) * RATE_HZ
    assert abs(int(again[0]) - first) <= 1
    assert (np.diff(again.astype(int)) == 1).all(), "without a hole or a repetition"
    assert again[-1] == 10 * int(CHUNK_SECS * RATE_HZ) - 1
    assert spoken.voice.release() == 101.4 - 100.6
    assert not spoken.again().size


def test_nothing_is_sent_again_of_a_voice_that_was_heard_to_its_end():
    spoken = Spoken()
    spoken.now = 105.0
    spoken.voice.hold()
    assert not spoken.again().size


async def test_what_waits_goes_on_or_is_given_up():
    for interrupted in (False, True):
        spoken = Spoken()
        spoken.voice.hold()
        waiting = asyncio.create_task(spoken.voice.until_free())
        await asyncio.sleep(0)
        assert not waiting.done()
        if interrupted:
            spoken.voice.give_up()
        else:
            spoken.voice.release()
        assert await waiting is not interrupted
        assert not spoken.voice.held
