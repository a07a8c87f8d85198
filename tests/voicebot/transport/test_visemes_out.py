"""Visemes go out before the sound that they belong to, counted from its first sample."""

import asyncio
import json
from dataclasses import replace

import numpy as np
from pipecat.frames.frames import EndFrame, TTSAudioRawFrame, TTSStoppedFrame
from pipecat.frames.protobufs import frames_pb2
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.workers.runner import WorkerRunner

from tests.voicebot.transport.test_held_voice import CHUNK_SECS, RATE_HZ, Spoken
from voicebot.providers import VisemesFrame
from voicebot.transport import SocketLine
from voicebot.transport.channels import ChannelsTransport
from voicebot.transport.held_voice import CUSHION_SECS

PIECE_SECS = 0.5  # six packets and a quarter


def marked(number: int) -> bytes:
    """Half a second of sound in which every sample is `number`."""
    return np.full(int(PIECE_SECS * RATE_HZ), number, np.int16).tobytes()


def message_of(data: bytes) -> dict | None:
    frame = frames_pb2.Frame.FromString(data)
    if frame.WhichOneof("frame") != "message":
        return None
    told = json.loads(frame.message.data)
    return told["data"] if told["type"] == "server-message" else None


async def test_visemes_of_the_second_piece_wait_for_the_sound_of_the_first():
    sent: list[bytes] = []

    async def send(data: bytes) -> None:
        sent.append(data)

    worker = PipelineWorker(
        Pipeline([ChannelsTransport(SocketLine(send)).output()]),
        params=PipelineParams(audio_out_sample_rate=RATE_HZ),
        enable_rtvi=False,
        idle_timeout_secs=None,
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    shapes = VisemesFrame([("PP", 0.1), ("aa", 0.25)])
    for number in (1, 2):
        await worker.queue_frames([replace(shapes), TTSAudioRawFrame(marked(number), RATE_HZ, 1)])
    await worker.queue_frames([TTSStoppedFrame(), EndFrame()])
    await asyncio.wait_for(running, 10)

    sound = np.array([], np.int16)
    told = []
    for data in sent:
        if message := message_of(data):
            assert message["type"] == "visemes"
            at = len(sound) / RATE_HZ
            told.append([(shape, round(at + ms / 1000, 3)) for shape, ms in message["visemes"]])
        elif (frame := frames_pb2.Frame.FromString(data)).WhichOneof("frame") == "audio":
            sound = np.concatenate([sound, np.frombuffer(frame.audio.audio, np.int16)])
    second = int(np.argmax(sound == 2)) / RATE_HZ
    assert second == PIECE_SECS
    assert told == [
        [("PP", 0.1), ("aa", 0.25)],
        [("PP", second + 0.1), ("aa", second + 0.25)],
    ]


def test_a_held_voice_goes_on_with_the_mouth_of_what_was_not_heard():
    spoken = Spoken()
    spoken.voice.note_visemes([("PP", 0.1), ("aa", 0.3), ("FF", 0.55), ("sil", 10 * CHUNK_SECS)], 100.0)
    spoken.now = 100.6
    spoken.voice.hold()
    heard_secs = 0.6 - CUSHION_SECS
    left = [(shape, round(begin, 3)) for shape, begin in spoken.voice.take_unheard_visemes()]
    assert left == [("FF", round(0.55 - heard_secs, 3)), ("sil", round(10 * CHUNK_SECS - heard_secs, 3))]
    assert not spoken.voice.take_unheard_visemes(), "they are noted again when they are sent again"


def test_an_interrupted_voice_leaves_no_mouth():
    spoken = Spoken()
    spoken.voice.note_visemes([("PP", 0.1), ("aa", 0.9)], 100.0)
    spoken.now = 100.6
    spoken.voice.give_up()
    spoken.voice.hold()
    assert not spoken.voice.take_unheard_visemes()
