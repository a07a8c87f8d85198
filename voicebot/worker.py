"""Pipecat's worker, whose observers are told what they read and nothing else."""

from typing import Any

from pipecat.frames.frames import InputAudioRawFrame
from pipecat.observers.base_observer import FrameProcessed, FramePushed
from pipecat.pipeline.worker import PipelineWorker
from pipecat.pipeline.worker_observer import WorkerObserver


class Observers(WorkerObserver):
    """Passes on pushes of frames, but for the visitor's audio.

    Pipecat queues each frame for each observer when it is pushed and again when it is processed, by every
    processor. No observer here reads the latter, and none reads audio, which is most of all frames.
    """

    async def on_process_frame(self, data: FrameProcessed) -> None:
        pass

    async def on_push_frame(self, data: FramePushed) -> None:
        if not isinstance(data.frame, InputAudioRawFrame):
            await super().on_push_frame(data)


class Worker(PipelineWorker):
    """PipelineWorker with `Observers`."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._observer = Observers(observers=self._observer._observers)
