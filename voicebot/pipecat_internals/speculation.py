"""Speculative answers: what the gate of a language model's service holds back, as it is written."""

from collections.abc import Callable

from pipecat.frames.frames import ErrorFrame, Frame, LLMFullResponseEndFrame, LLMTextFrame
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.llm_service import LLMService
from pipecat.turns.speculation_gate import GatedFrame, SpeculationGate, SpeculationState


class WatchedGate(SpeculationGate):
    """SpeculationGate that tells what it holds, and keeps errors of speculation to itself.

    `on_text` is called with each piece of a held answer, and with None at its end; `on_error` when it failed.
    """

    def __init__(self, on_text: Callable[[str | None], None], on_error: Callable[[], None], *, name: str):
        super().__init__(name=name)
        self._on_text, self._on_error = on_text, on_error

    def process(self, frame: Frame, direction: FrameDirection) -> list[GatedFrame]:
        if self.is_speculating and isinstance(frame, ErrorFrame):
            self._on_error()  # nobody has asked: the question will be asked again
            return []
        emitted = super().process(frame, direction)
        if self.state is SpeculationState.HOLDING:
            if isinstance(frame, LLMTextFrame):
                self._on_text(frame.text)
            elif isinstance(frame, LLMFullResponseEndFrame):
                self._on_text(None)
        return emitted


def watch_gate(
    service: LLMService, on_text: Callable[[str | None], None], on_error: Callable[[], None]
) -> None:
    """Puts a WatchedGate into a service that does not run yet."""
    service._speculation_gate = WatchedGate(on_text, on_error, name=f"{service}::WatchedGate")
