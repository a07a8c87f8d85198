"""What this app adds to Greenroom: found and imported when Django starts."""

from typing import Any

from pipecat.frames.frames import (
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TranscriptionFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from characters.spec import CharacterSpec
from sessions_app.handlers import ClientMessage, with_session
from sessions_app.session import Session
from voicebot import extensions
from voicebot.pipeline import ConversationState

PERSONA = b"PERSONA "


class Parrot(FrameProcessor):
    """A language model that says what it was told."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        said = [message for message in frame.context.get_messages() if message.get("role") == "user"]
        await self.push_frame(LLMFullResponseStartFrame())
        await self.push_frame(LLMTextFrame(f"You said {said[-1]['content']}" if said else "Say something."))
        await self.push_frame(LLMFullResponseEndFrame())


class ParrotProvider(extensions.BaseProvider):
    def llm(self, _spec: CharacterSpec) -> FrameProcessor:
        return Parrot()


class LaughCounter(FrameProcessor):
    """Counts how often a visitor laughs, in the metadata of their session."""

    def __init__(self, state: ConversationState) -> None:
        super().__init__()
        self._context = state.context

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame) and "haha" in frame.text.replace(" ", "").lower():
            manager, session_id = self._context.manager, self._context.session_id
            before = (await manager.get(session_id)).metadata
            await manager.save(session_id, before, {**before, "laughs": before.get("laughs", 0) + 1})


@extensions.client_message("laughs.count")
@with_session
async def laughs(session: Session, _message: ClientMessage) -> dict[str, Any]:
    return {"laughs": session.metadata.get("laughs", 0)}


@extensions.text_transform("heard")
def house_spelling(text: str, _state: ConversationState) -> str:
    """What every recogniser writes in two words here."""
    return text.replace("green room", "Greenroom")


@extensions.importer("PERSONA")
def persona(data: bytes) -> dict[str, Any] | None:
    """A text whose first line is `PERSONA` and a name; the rest describes who it is."""
    if not data.startswith(PERSONA):
        return None
    name, _, description = data.removeprefix(PERSONA).decode(errors="replace").partition("\n")
    fields = {"name": name.strip(), "description": description.strip()}
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": fields}


@extensions.tool(
    "weather",
    label="Weather",
    description="The weather at a place. Call it whenever somebody asks how the weather is.",
    arguments=[
        extensions.Argument(
            "place", description="A town; where the visitor lives if not said.", required=False
        )
    ],
)
async def weather(call: extensions.Call) -> extensions.Answer:
    """Made up, and the same for the same place: a real one would ask a weather service here."""
    place = call.arguments.get("place") or call.state.session.metadata.get("place")
    if not place:
        raise extensions.ToolFailed("Ask the visitor which place they mean.")
    sky = ("sun", "rain", "wind")[sum(map(ord, str(place))) % 3]
    return extensions.Answer({"place": place, "sky": sky}, f"There is {sky} in {place}.")


extensions.provider("parrot", ParrotProvider(), stages=("llm",), label="Parrot")
extensions.processor(LaughCounter, beside="stt")
