"""RTVI: what is taken from a client, and what goes out to it."""

import asyncio
from typing import Any
from uuid import uuid4

from pipecat.frames.frames import ErrorFrame, Frame, OutputTransportMessageUrgentFrame
from pipecat.processors.frameworks.rtvi import RTVIProcessor, models
from pydantic import BaseModel

from voicebot.pipecat_internals.processors import OwnEvents


class RTVIHooks(OwnEvents, RTVIProcessor):
    """RTVIProcessor whose messages can be refused, handled in place, and sent past the pipeline.

    Hooks, each of which does what Pipecat does unless it is overridden. The first three are called one after
    another, in the order in which messages came:

    - take_message(message, user_id): any message
    - take_text(data, message_id, user_id): typed words
    - take_client_message(message_id, data): a message of one's own kind
    - send_out(frame): a message on its way to the client
    - shown_error(frame): the error as the client may see it
    - shown_refusal(text): the words of an answer that refuses something
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._marks: dict[str, asyncio.Event] = {}  # messages of our own, see `idle`

    async def take_message(self, message: models.Message, user_id: str | None) -> None:
        await super()._handle_message(message, user_id)

    async def take_text(self, data: models.SendTextData, message_id: str, user_id: str | None) -> None:
        await super()._handle_send_text(data, message_id, user_id)

    async def take_client_message(self, message_id: str, data: models.RawClientMessageData) -> None:
        await super()._handle_client_message(message_id, data)

    async def send_out(self, frame: Frame) -> None:
        await self.push_frame(frame)

    def shown_error(self, frame: ErrorFrame) -> ErrorFrame:
        return frame

    def shown_refusal(self, text: str) -> str:
        return text

    async def idle(self, secs: float) -> bool:
        """Waits until every message that has come was handled, at most so long; whether it was.

        They wait in a queue beside the pipeline, which no flush of that goes through: a message of ours does.
        """
        mark = models.Message(type="mark", id=uuid4().hex)
        passed = self._marks[mark.id] = asyncio.Event()
        try:
            await self.handle_message(mark)
            await asyncio.wait_for(passed.wait(), secs)
        except AttributeError:  # it has not started: there is no queue, and nothing has come
            return True
        except TimeoutError:
            return False
        finally:
            del self._marks[mark.id]
        return True

    async def refuse_message(self, message_id: str, text: str) -> None:
        """Answers a message with an error."""
        await self._send_error_response(message_id, text)

    async def push_transport_message(self, model: BaseModel, exclude_none: bool = True) -> None:
        await self.send_out(OutputTransportMessageUrgentFrame(model.model_dump(exclude_none=exclude_none)))

    async def _handle_message(self, message: models.Message, user_id: str | None = None) -> None:
        if passed := self._marks.get(message.id):
            passed.set()
            return
        await self.take_message(message, user_id)

    async def _handle_send_text(
        self, data: models.SendTextData, message_id: str, user_id: str | None = None
    ) -> None:
        await self.take_text(data, message_id, user_id)

    async def _handle_client_message(self, msg_id: str, data: models.RawClientMessageData) -> None:
        await self.take_client_message(msg_id, data)

    async def _send_error_response(self, id: str, error: str) -> None:
        await super()._send_error_response(id, self.shown_refusal(error))

    async def _send_error_frame(self, frame: ErrorFrame) -> None:
        await super()._send_error_frame(self.shown_error(frame))
