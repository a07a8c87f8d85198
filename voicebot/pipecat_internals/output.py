"""The output transport: which of its own frames it tells."""

from typing import Any

from pipecat.frames.frames import Frame
from pipecat.transports.base_output import BaseOutputTransport


class OutputHooks(BaseOutputTransport):
    """BaseOutputTransport that asks before it tells something in both directions.

    Hook: tells(kind), called with the class of each frame that is to be broadcast.
    """

    def tells(self, kind: type[Frame]) -> bool:
        return True

    @property
    def unqueued_secs(self) -> float:
        """Sound that has come and is too short for a packet yet."""
        kept = sum(sender._buffered_audio_bytes for sender in self._media_senders.values())
        return kept / 2 / self.sample_rate if self.sample_rate else 0.0

    async def broadcast_frame(self, frame_cls: type[Frame], **kwargs: Any) -> None:
        if self.tells(frame_cls):
            await super().broadcast_frame(frame_cls, **kwargs)
