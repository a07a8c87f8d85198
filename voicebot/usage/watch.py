"""Usage as the frames of a pipeline tell it: Pipecat's usage metrics, and the seconds that a voice speaks."""

from collections import Counter, defaultdict
from typing import Any

from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    MetricsFrame,
    TTSAudioRawFrame,
)
from pipecat.metrics.metrics import LLMUsageMetricsData, STTUsageMetricsData, TTSUsageMetricsData
from pipecat.observers.base_observer import BaseObserver, FramePushed
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.llm_service import LLMService
from pipecat.services.tts_service import TTSService

from sessions_app.costs import Meter
from voicebot.usage.recording import record
from voicebot.usage.tokens import amounts_of

READ: frozenset[type[Frame]] = frozenset(
    {MetricsFrame, TTSAudioRawFrame, LLMFullResponseStartFrame, LLMFullResponseEndFrame, ErrorFrame}
)


class UsageWatch:
    """Of one pipeline; `see` is told of the first push of each frame, and is cheap for those it reads not."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        meter.settle()  # of an earlier pipeline of the same connection
        meter.settle = self._settle
        self._spoken_secs: defaultdict[FrameProcessor, float] = defaultdict(float)
        self._begun: set[FrameProcessor] = set()  # models that answer, and have not told what that takes
        self._untold: Counter[FrameProcessor] = Counter()  # answers that are over, of which nothing was told

    def see(self, data: FramePushed) -> None:
        kind = type(data.frame)
        if kind not in READ:
            return
        frame, source = data.frame, data.source
        if isinstance(frame, TTSAudioRawFrame):
            if isinstance(source, TTSService):
                secs = len(frame.audio) / (2 * frame.num_channels * frame.sample_rate)
                self._spoken_secs[source] += secs
        elif isinstance(frame, MetricsFrame):
            self._metered(frame, source)
        elif not isinstance(source, LLMService):
            pass
        elif isinstance(frame, ErrorFrame):
            self._begun.discard(source)
        elif kind is LLMFullResponseStartFrame:
            self._begun.add(source)
        elif source in self._begun:
            self._begun.discard(source)
            self._untold[source] += 1

    def _metered(self, frame: MetricsFrame, source: FrameProcessor) -> None:
        for told in frame.data:
            match told:
                case LLMUsageMetricsData(value=usage):
                    if source in self._begun:
                        self._begun.discard(source)
                    elif self._untold[source]:
                        self._untold[source] -= 1
                    record(self._meter, "llm", source, amounts_of(usage))
                case STTUsageMetricsData(value=usage):
                    heard_ms = round(usage.audio_seconds * 1000)
                    record(self._meter, "stt", source, {"calls": 1, "heard_ms": heard_ms})
                case TTSUsageMetricsData(value=characters):
                    record(self._meter, "tts", source, {"calls": 1, "characters": characters})

    def _settle(self) -> None:
        """The meter is read: what was gathered so far is counted."""
        for source, secs in self._spoken_secs.items():
            if whole := int(secs * 1000):
                self._spoken_secs[source] -= whole / 1000
                record(self._meter, "tts", source, {"spoken_ms": whole})
        for source, number in self._untold.items():
            if number:
                record(self._meter, "llm", source, {"calls": number, "unmeasured": number})
        self._untold.clear()


class UsageObserver(BaseObserver):
    """The same for a pipeline that has no other observer."""

    def __init__(self, meter: Meter, **kwargs: Any):
        super().__init__(**kwargs)
        self._watch = UsageWatch(meter)

    async def on_push_frame(self, data: FramePushed) -> None:
        if data.first_push:
            self._watch.see(data)
