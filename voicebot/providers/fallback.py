"""Provider fallback: a second one takes over when the first fails (Pipecat's service switcher).

What the pipeline asks of a service beyond Pipecat's own interface is handed on to those that can do it.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from pipecat.frames.frames import ErrorFrame, ManuallySwitchServiceFrame
from pipecat.pipeline.service_switcher import ServiceSwitcher, ServiceSwitcherStrategyFailover
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from characters.prompts import Message
from characters.spec import CharacterSpec

log = logging.getLogger(__name__)

RECOVER_SECS = 60.0  # after which the first provider is tried again


class TakesOver(ServiceSwitcherStrategyFailover):
    """Switches at the first error: a visitor is waiting. The first provider gets another chance later."""

    def __init__(self, services: list[FrameProcessor]):
        super().__init__(services)
        self._first = services[0]
        self._recovery: asyncio.Task | None = None

    async def handle_error(self, error: ErrorFrame) -> FrameProcessor | None:
        failed = error.processor or self.active_service
        if failed is not self.active_service:
            return None
        await failed.set_usable(False)
        switched = await super().handle_error(error)
        if self._recovery is None or self._recovery.done():
            self._recovery = asyncio.create_task(self._recover())
        return switched

    async def _recover(self) -> None:
        await asyncio.sleep(RECOVER_SECS)
        for service in self.services:
            await service.set_usable(True)
        await self.handle_frame(ManuallySwitchServiceFrame(service=self._first), FrameDirection.DOWNSTREAM)

    def forget(self) -> None:
        if self._recovery:
            self._recovery.cancel()


class WithFallback(ServiceSwitcher[TakesOver]):
    """One stage of the pipeline, served by the first of `services` that works."""

    def __init__(self, services: list[FrameProcessor]):
        super().__init__(services, TakesOver)

    async def cleanup(self) -> None:
        self.strategy.forget()
        await super().cleanup()

    def _those_with(self, name: str) -> list[Any]:
        return [service for service in self.services if hasattr(service, name)]

    @property
    def speaks_written(self) -> bool:
        return any(service.speaks_written for service in self._those_with("speaks_written"))

    # What our own pipeline asks: see the protocols in `registry` and `summary`.

    async def change_voice(self, spec: CharacterSpec) -> None:
        for service in self._those_with("change_voice"):
            await service.change_voice(spec)

    async def cache_speech(self, text: str) -> None:
        for service in self._those_with("cache_speech"):
            await service.cache_speech(text)

    async def prefill(self, common: Sequence[Message], own: Sequence[Message]) -> None:
        if hasattr(active := self.strategy.active_service, "prefill"):
            await active.prefill(common, own)

    @property
    def can_read_ahead(self) -> bool:
        return bool(getattr(self.strategy.active_service, "can_read_ahead", False))

    async def read_ahead(self, prompt: Sequence[Message]) -> None:
        active: Any = self.strategy.active_service
        if self.can_read_ahead:  # another may serve by now
            await active.read_ahead(prompt)

    @property
    def supports_response_schema(self) -> bool:
        return bool(getattr(self.strategy.active_service, "supports_response_schema", False))

    @property
    def model_key(self) -> str:
        active = self.strategy.active_service
        return str(getattr(active, "model_key", id(active)))

    async def run_inference(self, *args: Any, **kwargs: Any) -> str | None:
        found: str | None = None
        if hasattr(active := self.strategy.active_service, "run_inference"):
            found = await active.run_inference(*args, **kwargs)
        return found
