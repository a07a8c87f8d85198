"""The local voice speaks long texts in pieces: soon, and in bounded memory."""

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from pipecat.frames.frames import AggregatedTextFrame, ErrorFrame, TTSAudioRawFrame, TTSTextFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.tests.utils import run_test
from pipecat.utils.text.base_text_aggregator import TextType

from tests.characters.test_prompts import SHEET
from tests.servers import ROOT
from tests.voicebot.providers.speech.test_synthesis import reply

pytestmark = pytest.mark.local

BREATHLESS = " ".join(["and", "then", "another", "wave", "came"] * 44)  # 220 words


class Stopwatch(FrameProcessor):
    """Notes when the first sound came by, in monotonic seconds."""

    first: float | None = None

    async def process_frame(self, frame, direction) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame) and self.first is None:
            self.first = time.monotonic()
        await self.push_frame(frame, direction)


async def test_220_words_without_a_comma_are_heard_soon_and_as_one_answer():
    from voicebot.providers.local import voices

    joe = replace(SHEET, voice="joe")
    await asyncio.to_thread(voices.synthesize, "Ready.", voices.Wish.of(joe))
    stopwatch = Stopwatch()
    pipeline = Pipeline([voices.LocalTTS(joe), stopwatch])
    began = time.monotonic()
    down, up = await run_test(pipeline, frames_to_send=reply(BREATHLESS), expected_down_frames=None)
    whole = time.monotonic() - began
    assert stopwatch.first is not None
    assert stopwatch.first - began < whole / 3, "nothing is heard before all of it is synthesised"
    assert not [frame for frame in up if isinstance(frame, ErrorFrame)]
    spoken = [frame.text for frame in down if isinstance(frame, TTSTextFrame)]
    assert " ".join(spoken) == BREATHLESS
    announced = [f for f in down if isinstance(f, AggregatedTextFrame) and f.text_type == TextType.SENTENCE]
    assert len(announced) == 1
    times = [frame.pts for frame in down if isinstance(frame, TTSTextFrame)]
    assert times == sorted(times)


MEASURE = """
import asyncio, resource, sys
import django; django.setup()
from characters.spec import CharacterSpec
from voicebot.providers.local import voices
from voicebot.providers.local.provider import PROVIDER

def most_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

for _, warm in PROVIDER.warmers("tts"):
    warm()
before = most_mb()

async def speak(words):
    tts = voices.LocalTTS(CharacterSpec(slug="m", name="Marlow", voice="joe"))
    async for _ in tts.run_tts(" ".join(["and then another wave came"] * (words // 5)), "context"):
        pass

asyncio.run(speak(400))
print(before, most_mb())
"""


def test_memory_does_not_follow_the_longest_text():
    run = subprocess.run(
        [sys.executable, "-c", MEASURE],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    before, after = (int(mb) for mb in run.stdout.split()[-2:])
    assert after - before < 200, f"{before} MB became {after} MB"
