"""Sessions for any Pipecat bot: FastAPI, Pipecat's own transport, and `SessionManager`.

What the client told when it began (who it is, where it stands) is known to every later stage; what was said
is sealed in PostgreSQL; whoever loses the line comes back with the session's secret. The bot itself is a
guide that repeats: speech-to-text, a model and a voice go where it stands in the pipeline.

    DJANGO_SETTINGS_MODULE=house django-admin migrate
    DJANGO_SETTINGS_MODULE=house django-admin seed_demo
    DJANGO_SETTINGS_MODULE=house uvicorn bot:app
"""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import django
from fastapi import FastAPI, Header, HTTPException, WebSocket
from pipecat.frames.frames import Frame, OutputTransportMessageUrgentFrame, TextFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.serializers.protobuf import ProtobufFrameSerializer
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner
from pydantic import BaseModel

django.setup()

from sessions_app.exceptions import SessionError  # noqa: E402  (after Django is set up)
from sessions_app.manager import SessionManager  # noqa: E402
from sessions_app.session import Session, Turn  # noqa: E402

app = FastAPI()
manager = SessionManager()


class Wanted(BaseModel):
    character: str = "captain-marlow"
    metadata: dict[str, Any] = {}
    session: UUID | None = None  # to come back to


@app.post("/start")
async def start(wanted: Wanted, secret: Annotated[str, Header()] = "") -> dict[str, str]:
    """A token for a new session, or for one to which `secret` belongs."""
    try:
        if wanted.session:
            session = await manager.resume(wanted.session, visitor="", secret=secret)
        else:
            session = await manager.create(
                character=wanted.character, visitor=f"anon:{uuid4().hex}", metadata=wanted.metadata
            )
    except SessionError as error:
        raise HTTPException(error.status, str(error)) from error
    return {"session": str(session.id), "token": session.token, "secret": session.secret}


@app.websocket("/talk/{session_id}")
async def talk(socket: WebSocket, session_id: UUID, token: str) -> None:
    await socket.accept()
    connection = uuid4()
    try:
        session = await manager.open(session_id, token, connection)
    except SessionError as error:
        await socket.close(error.close_code, str(error))
        return
    params = FastAPIWebsocketParams(serializer=ProtobufFrameSerializer())
    transport = FastAPIWebsocketTransport(socket, params)
    worker = PipelineWorker(
        Pipeline([transport.input(), Guide(session), transport.output()]),
        app_resources=session,  # tools and processors of your own find it there
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)

    @transport.event_handler("on_client_disconnected")
    async def on_client_disconnected(_transport: Any, _client: Any) -> None:
        await runner.cancel()

    try:
        await runner.run()
    finally:
        await manager.disconnect(session.id, connection)


class Guide(FrameProcessor):
    """Answers by what the session knows, and keeps both turns."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, TextFrame):
            await self.push_frame(frame, direction)
            return
        before = await manager.turns(self._session.id)
        place = self._session.metadata.get("place", "nowhere")
        answer = f"You said {frame.text}, in {place}, after {len(before)} turns."
        last = before[-1].sequence if before else 0
        now = datetime.now(UTC)
        turns = [
            Turn(last + number, role, text, interrupted=False, created_at=now)
            for number, (role, text) in enumerate([("user", frame.text), ("assistant", answer)], 1)
        ]
        await manager.append(self._session.id, turns)
        await self.push_frame(OutputTransportMessageUrgentFrame({"answer": answer}))
