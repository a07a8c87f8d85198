"""A voice that speaks for two minutes whatever it is given: for tests that need much audio on its way."""

from collections.abc import AsyncGenerator
from typing import Any

from pipecat.frames.frames import Frame, TTSAudioRawFrame
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService

from voicebot.providers.scripted import RATE_HZ, TONE

TIMES = 60  # two seconds each


class LongVoice(TTSService):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            settings=TTSSettings(model=None, voice=None, language=None),
            sample_rate=RATE_HZ,
            push_start_frame=True,
            push_stop_frames=True,
            **kwargs,
        )

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        for _ in range(TIMES):
            yield TTSAudioRawFrame(TONE.tobytes(), RATE_HZ, 1, context_id=context_id)
