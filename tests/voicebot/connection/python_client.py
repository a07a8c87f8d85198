"""Pipecat's Python client, as a program uses it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from pipecat.frames.frames import OutputTransportMessageUrgentFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.serializers.protobuf import ProtobufFrameSerializer
from pipecat.transports.websocket.client import WebsocketClientParams, WebsocketClientTransport
from pipecat.workers.runner import WorkerRunner


@contextlib.asynccontextmanager
async def connected(url: str, program: FrameProcessor, **params: Any) -> AsyncIterator[PipelineWorker]:
    """The client's pipeline around `program`, running; it has said that it is ready."""
    transport = WebsocketClientTransport(
        uri=url,
        params=WebsocketClientParams(audio_in_enabled=True, serializer=ProtobufFrameSerializer(), **params),
    )
    worker = PipelineWorker(Pipeline([transport.input(), program, transport.output()]), enable_rtvi=False)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    try:
        ready = {"label": "rtvi-ai", "type": "client-ready", "id": "1", "data": {"version": "2.2.0"}}
        await worker.queue_frame(OutputTransportMessageUrgentFrame(message=ready))
        yield worker
    finally:
        await runner.cancel()
        await running
