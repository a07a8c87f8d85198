"""RTVI as visitors may use it: fewer message types than Pipecat takes, our own client messages, and errors
without inner workings."""

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from loguru import logger
from pipecat.frames.frames import ErrorFrame, Frame, OutputTransportMessageUrgentFrame
from pipecat.processors.frameworks.rtvi import RTVIProcessor, models
from pydantic import BaseModel

from sessions_app.exceptions import SessionError
from sessions_app.handlers import ClientMessage
from voicebot import messages
from voicebot.stage import Stage

log = logging.getLogger(__name__)

# `send-file` would make the server, or a provider, fetch any address; function results and interface
# events have nobody here to read them.
ACCEPTED = frozenset({"client-ready", "client-message", "send-text", "disconnect-bot"})
MAX_TEXT = 2000  # characters of one typed message
TROUBLE = "Something went wrong while answering. Say that again, please."


class StageRTVI(RTVIProcessor):
    """Calls `on_ready` right after bot-ready has gone out, and `on_typed` with each typed message.

    Messages go straight to `send`, the client's socket. Pipecat pushes each through the whole pipeline, a
    third of all steps that frames take there, though they are urgent and overtake everything on their way.

    Event handlers available, besides Pipecat's:

    - on_answered(rtvi, message): a client message was answered, and may have changed the session
    """

    def __init__(
        self,
        stage: Stage,
        send: Callable[[Frame], Awaitable[bool]],
        on_ready: Callable[[], Awaitable[None]],
        on_typed: Callable[[str], Awaitable[None]],
    ):
        super().__init__()
        self._stage = stage
        self._send = send
        self._on_ready = on_ready
        self._on_typed = on_typed
        self.answering = False  # a client message is being handled, and its answer not sent yet
        self._register_event_handler("on_answered", sync=True)

    async def push_transport_message(self, model: BaseModel, exclude_none: bool = True) -> None:
        await self._send(OutputTransportMessageUrgentFrame(model.model_dump(exclude_none=exclude_none)))

    async def set_bot_ready(self, about: Mapping[str, Any] | None = None) -> None:
        await super().set_bot_ready(about)
        await self._on_ready()

    @property
    def ready(self) -> bool:
        """Whether both sides are: the conversation is going on."""
        return bool(self._bot_ready)

    @property
    def client_version_text(self) -> str:
        return ".".join(str(part) for part in self.client_version)

    async def assume_client_ready(self, version: str) -> None:
        """Goes on with a client that reconnected and will not say again that it is ready."""
        data = {"version": version, "about": {"library": "reconnected"}}
        await self.handle_message(models.Message(type="client-ready", id=uuid.uuid4().hex, data=data))

    async def _handle_message(self, message: models.Message, user_id: str | None = None) -> None:
        if message.type not in ACCEPTED:
            await self._send_error_response(message.id, f"{message.type[:40]} is not taken here.")
        elif message.type == "send-text" and len(str((message.data or {}).get("content", ""))) > MAX_TEXT:
            await self._send_error_response(message.id, f"A message may have {MAX_TEXT} characters.")
        else:
            await super()._handle_message(message, user_id)

    async def _handle_send_text(
        self, data: models.SendTextData, message_id: str, user_id: str | None = None
    ) -> None:
        await super()._handle_send_text(data, message_id, user_id)
        await self._on_typed(data.content)

    async def _handle_client_message(self, msg_id: str, data: models.RawClientMessageData) -> None:
        """Answers a client message. They are handled here, one after another, in the order they came."""
        message = ClientMessage(msg_id, data.t, data.d)
        self.answering = True
        try:
            answer = await messages.answer(self._stage.session, message)
        except SessionError as error:
            await self._send_error_response(msg_id, str(error))
        except Exception:
            log.exception("a client message of session %s failed", self._stage.session.id)
            await self._send_error_response(msg_id, "That did not work; nothing was changed.")
        else:
            asked = models.ClientMessage(msg_id=msg_id, type=data.t, data=None)
            await self.send_server_response(asked, answer)
            if message.type == messages.INTERRUPT:
                await self.broadcast_interruption()
        await self._call_event_handler("on_answered", message)
        self.answering = False

    async def _send_error_frame(self, frame: ErrorFrame) -> None:
        """Tells a visitor that something failed; what it was stays in the log."""
        if frame.processor is not None:
            logger.error(f"{frame.processor} reported an error")
            frame = ErrorFrame(error=TROUBLE)
        await super()._send_error_frame(frame)
