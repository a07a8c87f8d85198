"""RTVI as visitors may use it: fewer message types than Pipecat takes, our own client messages, and errors
without inner workings."""

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from loguru import logger
from pipecat.frames.frames import ErrorFrame, Frame
from pipecat.processors.frameworks.rtvi import models

from sessions_app.exceptions import SessionError
from sessions_app.handlers import ClientMessage
from voicebot.ops import TokenBucket, TooMuch
from voicebot.pipecat_internals.rtvi import RTVIHooks
from voicebot.pipeline import client_messages
from voicebot.pipeline.activity import Activity, Event
from voicebot.pipeline.conversation_state import ConversationState

log = logging.getLogger(__name__)

# `send-file` would make the server, or a provider, fetch any address; function results and interface
# events have nobody here to read them.
ACCEPTED = frozenset({"client-ready", "client-message", "send-text", "disconnect-bot"})
MAX_TEXT = 2000  # characters of one typed message
# Of one connection. Nobody types two messages a second for long, or looks something up six times a second.
TYPED_AT_ONCE, TYPED_PER_SEC = 100, 2.0
ASKED_AT_ONCE, ASKED_PER_SEC = 60, 6.0
# How Pipecat begins what it would tell a client of an exception, its text included.
INNER_WORKINGS = ("Exception processing message", "Invalid message", "Invalid RTVI")
UNREADABLE = "That message could not be taken."
TROUBLE = "Something went wrong while answering. Say that again, please."


class SessionRTVI(RTVIHooks):
    """Calls `on_ready` right after bot-ready has gone out, and `on_typed` with each typed message.

    Messages go straight to `send`, the client's socket. Pipecat pushes each through the whole pipeline, a
    third of all steps that frames take there, though they are urgent and overtake everything on their way.

    Event handlers available, besides Pipecat's:

    - on_answered(rtvi, message): a client message was answered, and may have changed the session
    """

    def __init__(
        self,
        state: ConversationState,
        activity: Activity,
        send: Callable[[Frame], Awaitable[bool]],
        on_ready: Callable[[], Awaitable[None]],
        on_typed: Callable[[str], Awaitable[None]],
    ):
        super().__init__()
        self._state = state
        self._activity = activity
        self._send = send
        self._on_ready = on_ready
        self._on_typed = on_typed
        self.on_tool: Callable[[ClientMessage], Awaitable[None]] | None = None  # the page answers a tool
        self.on_rate: Callable[[int], None] = lambda hz: None  # the client wants the voice at this rate
        self._typing = TokenBucket(TYPED_AT_ONCE, TYPED_PER_SEC)
        self._asking = TokenBucket(ASKED_AT_ONCE, ASKED_PER_SEC)
        self.answering = False  # a client message is being handled, and its answer not sent yet
        self.ready = False  # both sides are: the conversation is going on
        self.declare_event("on_answered", awaited=True)

    async def send_out(self, frame: Frame) -> None:
        await self._send(frame)

    async def set_bot_ready(self, about: Mapping[str, Any] | None = None) -> None:
        self.ready = True
        await super().set_bot_ready(about)
        await self._on_ready()

    async def tell_session(self, *, resumed: bool) -> None:
        """Tells the page which session this is, and whether it goes on with an earlier one."""
        session = self._state.session
        await self.send_server_message(
            {
                "type": "session",
                "id": str(session.id),
                "character": self._state.spec.public(),
                "expiresAt": session.expires_at.isoformat(),
                "resumed": resumed,
                **({"draft": True} if session.draft else {}),
            }
        )

    async def keep_client_version(self) -> None:
        """The session knows the client's version, for a connection on which it does not say it again."""
        session, version = self._state.session, self.client_version_text
        if version != session.client_version:
            try:
                await self._state.context.manager.update(session.id, client_version=version)
            except Exception:
                log.exception("the client's version of session %s was not kept", session.id)

    @property
    def client_version_text(self) -> str:
        return ".".join(str(part) for part in self.client_version)

    async def assume_client_ready(self, version: str) -> None:
        """Goes on with a client that reconnected and will not say again that it is ready."""
        data = {"version": version, "about": {"library": "reconnected"}}
        await self.handle_message(models.Message(type="client-ready", id=uuid.uuid4().hex, data=data))

    async def take_message(self, message: models.Message, user_id: str | None) -> None:
        if message.type not in ACCEPTED:
            await self.refuse_message(message.id, f"{message.type[:40]} is not taken here.")
        elif message.type == "send-text" and not self._typing.take(1):
            await self.refuse_message(message.id, str(TooMuch()))
        elif message.type == "send-text" and len(str((message.data or {}).get("content", ""))) > MAX_TEXT:
            await self.refuse_message(message.id, f"A message may have {MAX_TEXT} characters.")
        else:
            await super().take_message(message, user_id)

    async def take_text(self, data: models.SendTextData, message_id: str, user_id: str | None) -> None:
        options = data.options or models.SendTextOptions()
        if options.run_immediately:
            self._activity.on(Event.TYPED if options.audio_response else Event.TYPED_FOR_TEXT)
        try:
            await super().take_text(data, message_id, user_id)
        except BaseException:
            self._activity.on(Event.TYPED_IN)
            raise
        await self._on_typed(data.content)

    async def take_client_message(self, message_id: str, data: models.RawClientMessageData) -> None:
        """Answers a client message. They are handled here, one after another, in the order they came."""
        message = ClientMessage(message_id, data.t, data.d)
        self.answering = True
        try:
            await self._answer(message)
            if message.type not in client_messages.OF_THE_LINE:
                await self.emit("on_answered", message)
        finally:
            self.answering = False

    async def _answer(self, message: ClientMessage) -> None:
        try:
            if not self._asking.take(client_messages.weight(message)):
                raise TooMuch
            answer = await client_messages.answer(self._state.session, message)
        except SessionError as error:
            await self.refuse_message(message.id, str(error))
        except Exception:
            log.exception("a client message of session %s failed", self._state.session.id)
            await self.refuse_message(message.id, "That did not work; nothing was changed.")
        else:
            asked = models.ClientMessage(msg_id=message.id, type=message.type, data=None)
            await self.send_server_response(asked, answer)
            if message.type in client_messages.OF_TOOLS and self.on_tool:
                await self.on_tool(message)
            if message.type == client_messages.AUDIO_RATE:
                self.on_rate(answer["hz"])
            if message.type == client_messages.INTERRUPT:
                await self.broadcast_interruption()

    def shown_refusal(self, text: str) -> str:
        return UNREADABLE if text.startswith(INNER_WORKINGS) else text

    def shown_error(self, frame: ErrorFrame) -> ErrorFrame:
        """Tells a visitor that something failed; what it was stays in the log."""
        if frame.processor is None:
            return ErrorFrame(error=self.shown_refusal(frame.error), fatal=frame.fatal)
        logger.error(f"{frame.processor} reported an error")
        return ErrorFrame(error=TROUBLE)
