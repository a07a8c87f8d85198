"""A voice whose words all last as long, and that says when each ends: for captions that are timed."""

import math
from collections.abc import AsyncGenerator
from typing import Any

import numpy as np
from pipecat.frames.frames import Frame, TTSAudioRawFrame
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService

RATE_HZ = 24_000
WORD_SECS = 0.4
_at = np.arange(int(RATE_HZ * WORD_SECS)) / RATE_HZ
WORD = (8000 * np.sin(2 * math.pi * 440 * _at)).astype(np.int16).tobytes()


class TimedVoice(TTSService):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            settings=TTSSettings(model=None, voice=None, language=None),
            sample_rate=RATE_HZ,
            push_start_frame=True,
            push_stop_frames=True,
            push_text_frames=False,
            **kwargs,
        )

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        words = text.split()
        ends = [(word, WORD_SECS * number) for number, word in enumerate(words, start=1)]
        await self.add_word_timestamps(ends, context_id)
        yield TTSAudioRawFrame(WORD * len(words), RATE_HZ, 1, context_id=context_id)
