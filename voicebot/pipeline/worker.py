"""Pipecat's worker, whose observers are told what they read and nothing else."""

from pipecat.frames.frames import (
    AggregatedTextFrame,
    AggregatedTextProgressFrame,
    AudioRawFrame,
    LLMAssistantPushAggregationFrame,
    LLMFullResponseEndFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
)
from pipecat.observers.base_observer import FramePushed
from pipecat.pipeline.worker import PipelineParams
from pipecat.transports.base_output import BaseOutputTransport

from voicebot.pipecat_internals.observers import FilteringWorker, FrameFilter
from voicebot.providers import ThoughtFilter

# What stands behind the last sound of a reply: over when the transport has passed it on.
ENDS = (LLMFullResponseEndFrame, LLMAssistantPushAggregationFrame)


class Observers(FrameFilter):
    """Passes on pushes of frames that somebody reads.

    None reads audio, which is most of all frames, but for the
    first sound of a reply, nor more than the first push of anything but text that is being spoken, and the
    end of a reply when it has passed the transport. A model's text is shown to them without its reasoning:
    clients are sent what they see.
    """

    def reads(self, data: FramePushed, again: bool) -> bool:
        frame = data.frame
        if isinstance(frame, AudioRawFrame) and not isinstance(frame, TTSAudioRawFrame):
            return False
        if isinstance(frame, LLMTextFrame) and not isinstance(data.source, ThoughtFilter):
            return False  # as the model wrote it: its reasoning may be in there
        spoken = isinstance(frame, (AggregatedTextFrame, AggregatedTextProgressFrame))
        over = isinstance(frame, ENDS) and isinstance(data.source, BaseOutputTransport)
        return not again or spoken or over


def params() -> PipelineParams:
    return PipelineParams(
        audio_in_sample_rate=16_000, audio_out_sample_rate=24_000, enable_usage_metrics=True
    )


class Worker(FilteringWorker):
    """PipelineWorker with `Observers`."""

    frame_filter = Observers
