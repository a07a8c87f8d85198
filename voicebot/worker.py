"""Pipecat's worker, whose observers are told what they read and nothing else."""

from typing import Any

from pipecat.frames.frames import (
    AggregatedTextFrame,
    AggregatedTextProgressFrame,
    AudioRawFrame,
    TTSAudioRawFrame,
)
from pipecat.observers.base_observer import FrameProcessed, FramePushed
from pipecat.pipeline.worker import PipelineWorker
from pipecat.pipeline.worker_observer import WorkerObserver


class Observers(WorkerObserver):
    """Passes on pushes of frames that somebody reads.

    Pipecat queues each frame for each observer when it is pushed and again when it is processed, by every
    processor. No observer here reads the latter. None reads audio, which is most of all frames, but for the
    first sound of a reply, nor more than the first push of anything but text that is being spoken.
    """

    async def on_process_frame(self, data: FrameProcessed) -> None:
        pass

    async def on_push_frame(self, data: FramePushed) -> None:
        frame = data.frame
        if isinstance(frame, AudioRawFrame) and not isinstance(frame, TTSAudioRawFrame):
            return
        spoken = isinstance(frame, (AggregatedTextFrame, AggregatedTextProgressFrame))
        if frame.id in self._frames_pushed and not spoken:
            return
        await super().on_push_frame(data)


class Worker(PipelineWorker):
    """PipelineWorker with `Observers`."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._observer = Observers(observers=self._observer._observers)
