"""Observers that are told of some frames only."""

from typing import Any

from pipecat.observers.base_observer import FrameProcessed, FramePushed
from pipecat.pipeline.worker import PipelineWorker
from pipecat.pipeline.worker_observer import WorkerObserver


class FrameFilter(WorkerObserver):
    """WorkerObserver that passes on pushes which somebody reads, and nothing of what is processed.

    Pipecat queues each frame for each observer when it is pushed and again when it is processed, by every
    processor.

    Hook: reads(data, again), called with each push, and with whether the frame was passed on before.
    """

    def reads(self, data: FramePushed, again: bool) -> bool:
        return True

    async def on_process_frame(self, data: FrameProcessed) -> None:
        pass

    async def on_push_frame(self, data: FramePushed) -> None:
        if self.reads(data, data.frame.id in self._frames_pushed):
            await super().on_push_frame(data)


class FilteringWorker(PipelineWorker):
    """PipelineWorker whose observers, RTVI's among them, are behind a filter of class `frame_filter`."""

    frame_filter: type[FrameFilter] = FrameFilter

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._observer = self.frame_filter(observers=self._observer._observers)
