"""What any processor may need: events of one's own, and frames that go no further."""

from typing import Any

from pipecat.frames.frames import Frame
from pipecat.processors.frame_processor import FrameCallback, FrameDirection, FrameProcessor
from pipecat.utils.base_object import BaseObject


class OwnEvents(BaseObject):
    """BaseObject with events besides Pipecat's, for which handlers are set by `event_handler`, too."""

    def declare_event(self, name: str, *, awaited: bool = False) -> None:
        """Makes an event known. Of one that is `awaited` the handlers have run when `emit` returns."""
        self._register_event_handler(name, sync=awaited)

    async def emit(self, name: str, *args: Any) -> None:
        """Calls the handlers of an event with this object and `args`."""
        await self._call_event_handler(name, *args)


class FrameEnd(FrameProcessor):
    """FrameProcessor in which the way of some frames ends, before they cost a task here and behind it.

    Hook: ends_here(frame), called for each frame in either direction.
    """

    def ends_here(self, frame: Frame) -> bool:
        return False

    async def queue_frame(
        self,
        frame: Frame,
        direction: FrameDirection = FrameDirection.DOWNSTREAM,
        callback: FrameCallback | None = None,
    ) -> None:
        if not self.ends_here(frame):
            await super().queue_frame(frame, direction, callback)
