"""Actor: the hands of a character in one connection, and the way from words to a tool without its model."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from django.utils.translation import gettext as _
from pipecat.frames.frames import Frame, LLMRunFrame, TTSSpeakFrame
from pipecat.processors.aggregators.llm_context import NOT_GIVEN, LLMContext, LLMContextMessage

from characters.spec import CharacterSpec
from characters.tools import ToolSpec
from sessions_app.handlers import ClientMessage
from sessions_app.session import ToolCall
from voicebot.history import ContextHistory, HistoryFull
from voicebot.lore import book_of_tools, lore_indexes
from voicebot.memories import clear_answer
from voicebot.ops import metrics
from voicebot.pipeline.acting.page_calls import ANSWER, RESULT, PageCalls
from voicebot.pipeline.activity import Activity, Event
from voicebot.pipeline.conversation_state import ConversationState
from voicebot.pipeline.replies.unprompted_turn import unprompted
from voicebot.pipeline.rtvi import SessionRTVI
from voicebot.tools import (
    Limits,
    Toolbox,
    builtin,
    called_by,
    calls_functions,
    has_meanings,
    said_of,
    used_before,
    verdicts,
)

log = logging.getLogger(__name__)

MEANING_SECS = 0.1  # for the vector of what was said, where a call hangs on it; 16 ms are usual

Queue = Callable[[Frame], Awaitable[None]]


@dataclass(frozen=True)
class Asked:
    """A call that waits for the visitor's yes."""

    id: str
    tool: ToolSpec
    arguments: dict[str, Any]


class Actor:
    """Of one connection's pipeline: what its character can do, in Pipecat's words and in the visitor's."""

    _queue: Queue
    _settle: Callable[[], Awaitable[Any]]

    def __init__(
        self,
        state: ConversationState,
        history: ContextHistory,
        activity: Activity,
        rtvi: SessionRTVI,
        llm: Any,
        *,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ):
        self._state, self._context, self._history = state, history.context, history
        self._activity, self._rtvi, self._llm, self._sleep = activity, rtvi, llm, sleep
        self._page = PageCalls(rtvi.send_server_message)
        self.toolbox = Toolbox(self, self._keep, self._ask)
        self._asked: Asked | None = None
        self._equipped = False
        self._equipped_for: CharacterSpec | None = None
        self._tasks: set[asyncio.Task] = set()
        rtvi.on_tool = self._told_by_page
        self.equip()

    # --- what the model gets ---

    @property
    def able(self) -> bool:
        """Whether the model may call tools, of which there are some."""
        return bool(self._state.spec.tools) and calls_functions(self._llm)

    def equip(self) -> None:
        """The model gets the tools of the character that speaks now; where there are none, nothing."""
        if (spec := self._state.spec) is self._equipped_for:
            return
        self._equipped_for = spec
        tools = self.toolbox.schema() if self.able else None
        if tools is not None or self._equipped:
            self._context.set_tools(NOT_GIVEN if tools is None else tools)
            self._equipped = tools is not None

    async def begin(self, queue: Queue, settle: Callable[[], Awaitable[Any]]) -> None:
        """The conversation begins, or goes on: what was used before counts.

        `queue` takes frames for the pipeline, `settle` waits until nothing is being said.
        """
        self._queue, self._settle = queue, settle
        if self._state.spec.tools:
            self.toolbox.limits = Limits(await used_before(self._state.session.id))

    async def ask_again(self) -> None:
        """The model has called tools, and they have answered: it gets the whole prompt again."""
        await self._queue(LLMRunFrame())

    # --- a turn of the visitor's ---

    async def acts_on(self, context: LLMContext) -> bool:
        """Whether the visitor's last words call for a tool by themselves, see `act`."""
        words = self._last_words(context)
        return bool(words) and (self._answer_in(words) is not None or bool(await self._called(words)))

    async def act(self, context: LLMContext) -> bool:
        """Does what the visitor's last words call for by themselves; whether that was the whole answer.

        That is a call which waited for their yes, and where the model calls no functions the tools whose
        keys were said, or the one that was meant.
        """
        if not (words := self._last_words(context)):
            return False
        self.toolbox.limits.begin_turn()
        agreed = self._answer_in(words)
        if agreed is not None and (asked := self._asked):
            await self._over(asked)
            if not agreed:
                await self._keep(ToolCall(asked.id, asked.tool.name, asked.arguments, "{}", "declined"))
                return False
            return await self._answer(context, [(asked.tool, asked.arguments)], agreed=True)
        called = await self._called(words)
        return await self._answer(context, [(tool, {}) for tool in called]) if called else False

    def _last_words(self, context: LLMContext) -> str:
        if not (self._state.spec.tools or self._asked) or not (said := context.get_messages()):
            return ""
        last = said[-1]
        words = last.get("content") if isinstance(last, dict) and last.get("role") == "user" else ""
        return words if isinstance(words, str) else ""

    def _answer_in(self, words: str) -> bool | None:
        return clear_answer(words) if self._asked else None

    async def _called(self, words: str) -> list[ToolSpec]:
        if self.able:
            return []
        tools = self.toolbox.tools
        if (keyed := called_by(tools, words)) or not has_meanings(tools):
            return keyed
        near = await self._state.context.prompt_threads.run(
            lore_indexes().near, book_of_tools(tools), words, MEANING_SECS
        )
        return [one.tool for one in verdicts(tools, words, near) if one.called]

    async def _answer(
        self, context: LLMContext, calls: Sequence[tuple[ToolSpec, dict[str, Any]]], *, agreed: bool = False
    ) -> bool:
        said = []
        for tool, arguments in calls:
            done = await self.toolbox.run(tool, arguments, uuid4().hex, agreed=agreed)
            if self.able:
                for message in done.call.messages():
                    context.add_message(cast(LLMContextMessage, message))
            elif done.call.outcome != "asked":
                said.append(said_of(tool, done, self._state.speaking.language))
        if words := " ".join(filter(None, said)):
            await self.say(words)
        if not self.able:
            self._activity.on(Event.CALLS_OVER)
        return not self.able

    # --- asking first ---

    async def _ask(self, tool: ToolSpec, arguments: dict[str, Any]) -> None:
        self._asked = asked = Asked(uuid4().hex, tool, arguments)
        with builtin.in_language(self._state.speaking.language):
            question = str(tool.options.get("question") or _("Shall I do that?"))
        await self.show(
            {
                "type": "tool-question",
                "id": asked.id,
                "tool": tool.name,
                "question": question,
                "arguments": arguments,
            }
        )
        await self.say(question)

    async def _over(self, asked: Asked) -> None:
        """The question is answered, whichever way: no page asks it any more."""
        self._asked = None
        await self.show({"type": "tool-answered", "id": asked.id})

    async def _told_by_page(self, message: ClientMessage) -> None:
        data = message.data if isinstance(message.data, dict) else {}
        if message.type == RESULT:
            self._page.take(data)
        elif message.type == ANSWER and self._asked and data.get("id") == self._asked.id:
            await self._over(asked := self._asked)
            if data.get("agreed") is True:
                self._do(self._go_ahead(asked))
            else:
                await self._keep(ToolCall(asked.id, asked.tool.name, asked.arguments, "{}", "declined"))

    async def _go_ahead(self, asked: Asked) -> None:
        await self._answer(self._context, [(asked.tool, asked.arguments)], agreed=True)
        if self.able:
            await self._activity.until_settled()
            await self._queue(LLMRunFrame())

    # --- hands, see `voicebot.tools.Hands` ---

    @property
    def state(self) -> ConversationState:
        return self._state

    async def say(self, text: str) -> None:
        await self._queue(TTSSpeakFrame(text))

    async def show(self, message: Mapping[str, Any]) -> None:
        await self._rtvi.send_server_message(dict(message))

    async def speak_up(self, request: str) -> None:
        await self._activity.until_settled()
        await self._queue(unprompted(self._context, request))

    def later(self, secs: float, what: Callable[[], Awaitable[None]]) -> None:
        async def wait() -> None:
            await self._sleep(secs)
            await what()

        self._do(wait())

    def hand_over(self, slug: str) -> None:
        self._do(self._hand_over(slug))

    async def _hand_over(self, slug: str) -> None:
        await self._settle()
        await self._state.context.manager.switch(self._state.session.id, slug)
        await self._rtvi.emit("on_answered", None)

    def end(self) -> None:
        self._do(self._end())

    async def _end(self) -> None:
        await self._settle()
        await self._state.context.manager.end(self._state.session.id, reason="character")
        await self._rtvi.emit("on_answered", None)

    async def ask_page(self, call_id: str, name: str, arguments: Mapping[str, Any]) -> Any:
        return await self._page.ask(call_id, name, arguments)

    # --- what stays ---

    async def _keep(self, call: ToolCall) -> bytes:
        """The call becomes a turn of the history; gives it back sealed, for who is told of calls."""
        metrics.turns.labels("tool").inc()
        writer = self._state.context.writer
        try:
            turn = writer.add("tool", call.text, version=self._state.spec.label)
            self._history.note(turn)
        except HistoryFull:  # the next word of either side ends the connection
            log.error("a tool's call of session %s is not kept", self._state.session.id)
        return writer.sealed_beside(call)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # its text may quote what was said
            log.error("a tool of %s failed later with %s", self._state.spec.label, type(error).__name__)

    async def stop(self) -> None:
        """The connection is over: what waits is given up."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.toolbox.stop()
