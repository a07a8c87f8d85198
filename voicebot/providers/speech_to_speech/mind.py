"""What answers: the prompt of a turn goes to the vendor as far as it is new, and its words come back."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, cast

from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    Frame,
    InterruptionFrame,
    LLMConfigureOutputFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    StartFrame,
)
from pipecat.metrics.metrics import LLMTokenUsage
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection, FrameProcessorSetup
from pipecat.services.llm_service import FunctionCallFromLLM
from pipecat.services.settings import LLMSettings

from characters.prompts import Message
from voicebot.pipecat_internals.services import TextPusher
from voicebot.providers.llm.reply_frames import EnoughFrame, ReplyIncompleteFrame
from voicebot.providers.speech_to_speech.reply import Reply, VendorReplyFrame
from voicebot.providers.speech_to_speech.talk import Talk
from voicebot.providers.speech_to_speech.vendor import Called, Setup, VendorLost
from voicebot.usage import note_inference


def functions_of(tools: Any) -> list[dict[str, Any]]:
    """The tools of a context as functions with JSON Schema."""
    if not isinstance(tools, ToolsSchema):
        return []
    return [
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": {
                "type": "object",
                "properties": tool.properties,
                "required": tool.required,
            },
        }
        for tool in tools.standard_tools
    ]


def arguments_of(call: Called) -> dict[str, Any]:
    """What a model gave a function; {} for what is no JSON object, which the tool's own check refuses."""
    try:
        given = json.loads(call.arguments or "{}")
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


class VendorMind(TextPusher):
    """An LLM service whose words have their sound already: see `VendorVoice`."""

    supports_response_schema = True

    def __init__(self, talk: Talk) -> None:
        super().__init__(
            settings=LLMSettings(
                model=talk.vendor.model,
                system_instruction=None,
                temperature=None,
                max_tokens=None,
                top_p=None,
                top_k=None,
                frequency_penalty=None,
                presence_penalty=None,
                seed=None,
                filter_incomplete_user_turns=False,
                user_turn_completion_config=None,
            )
        )
        self.talk = talk
        self._written = False  # the visitor wants to read, not to hear
        self._tools: list[dict[str, Any]] = []

    def can_generate_metrics(self) -> bool:
        return True

    def _note_usage(self, usage: LLMTokenUsage) -> None:
        """Also of a reply that was interrupted, and is over later."""
        self.create_task(self.start_llm_usage_metrics(usage))

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]
        await super().setup(setup)
        self.talk.on_lost = lambda: self.create_task(self._open_ahead())
        self.talk.on_usage = self._note_usage  # a voice that is tried by itself has no mind in its pipeline

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        self.create_task(self._open_ahead())

    async def _open_ahead(self) -> None:
        """Opens a session before anybody needs it; one that cannot be is told when it is needed."""
        with suppress(VendorLost):
            await self.talk.connect()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, InterruptionFrame):
            await self.talk.interrupted()
        elif isinstance(frame, EnoughFrame):
            self.talk.has_enough()
        elif isinstance(frame, LLMConfigureOutputFrame):
            self._written = bool(frame.skip_tts)
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame) and direction is FrameDirection.DOWNSTREAM:
            await self._answer(frame.context)
        else:
            await self.push_frame(frame, direction)

    def _setup_of(self, context: LLMContext) -> Setup:
        self._tools = functions_of(context.tools)
        return Setup(self._instructions, self._tools)

    @property
    def _instructions(self) -> str:
        told = cast(LLMSettings, self.settings).system_instruction
        return told if isinstance(told, str) else ""

    async def _answer(self, context: LLMContext) -> None:
        await self.push_frame(LLMFullResponseStartFrame())
        await self.start_processing_metrics()
        await self.start_ttfb_metrics()
        calls: Sequence[Called] = ()
        try:
            calls = (await self._reply(context)).calls
        except VendorLost as error:
            self.talk.leave()
            await self.push_frame(ReplyIncompleteFrame())
            await self.push_error(error_msg=f"speech to speech gives no answer: {error}")
        finally:
            await self.stop_processing_metrics()
            await self.push_frame(LLMFullResponseEndFrame())
        if calls:
            await self.run_function_calls(
                [
                    FunctionCallFromLLM(
                        function_name=call.name,
                        tool_call_id=call.call_id,
                        arguments=arguments_of(call),
                        context=context,
                    )
                    for call in calls
                ]
            )

    async def _reply(self, context: LLMContext) -> Reply:
        """The reply, whose words have gone on. One of which nothing came is asked for again, once.

        Raises VendorLost.
        """
        messages = cast(list[Message], list(context.get_messages()))
        for attempt in (1, 2):
            try:
                reply = await self.talk.answer(self._setup_of(context), messages, written=self._written)
            except VendorLost:
                if attempt == 2:
                    raise
                continue
            await self.push_frame(VendorReplyFrame(reply))
            async for text in reply.words():
                await self.stop_ttfb_metrics()
                await self.push_text(text)
            await self.talk.tidy(reply)
            if not reply.failure or reply.enough or reply.given_up:
                return reply
            if reply.transcript or reply.pcm or attempt == 2:
                raise VendorLost(reply.failure)
        raise AssertionError("unreachable")

    async def prefill(self, common: Sequence[Message], own: Sequence[Message]) -> None:
        """As of `registry.PrefillsPrompts`: what was said before this connection, for the vendor."""
        with suppress(VendorLost):  # told when the first turn needs it
            await self.talk.begin(*self._told(own))

    @property
    def heard_secs(self) -> Callable[[], float]:
        return self.talk.heard_secs

    @heard_secs.setter
    def heard_secs(self, heard_secs: Callable[[], float]) -> None:
        self.talk.heard_secs = heard_secs

    @property
    def hand_over_due(self) -> bool:
        return self.talk.due and self.talk.quiet

    async def hand_over(self, own: Sequence[Message]) -> bool:
        """As of `HandsOver`. Raises VendorLost."""
        return await self.talk.hand_over(*self._told(own))

    def _told(self, own: Sequence[Message]) -> tuple[Setup, Sequence[Message]]:
        """A whole prompt as instructions and messages."""
        first = own[0] if own and own[0]["role"] == "system" else None
        return Setup(str(first["content"]) if first else "", self._tools), own[1:] if first else own

    async def run_inference(
        self,
        context: LLMContext,
        max_tokens: int | None = None,
        system_instruction: str | None = None,
        response_schema: dict[str, Any] | None = None,
    ) -> str | None:
        """An answer in writing, apart from the conversation. Raises VendorLost."""
        messages = cast(list[Message], list(context.get_messages()))
        asked = system_instruction or ""
        if response_schema:  # the vendor takes none, and keeps to one that it reads
            asked += f"\nAnswer with JSON alone, after this JSON Schema: {json.dumps(response_schema)}"
        reply = await self.talk.infer(asked, messages, max_tokens)
        if reply.usage:
            note_inference(self, reply.usage)
        return reply.transcript.strip() or None

    async def cleanup(self) -> None:
        await super().cleanup()
        await self.talk.close()
