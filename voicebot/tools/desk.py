"""What the desk asks of tools: which kinds there are, and what comes of one that a writer tries out."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from asgiref.sync import async_to_sync, sync_to_async
from django.utils.translation import gettext as _

from characters.exceptions import CannotSpeak
from characters.prompts import Message
from characters.provider_choice import CalledTool, ToolKind, ToolTrial
from characters.spec import CharacterSpec
from characters.text import Moment
from characters.tools import ArgumentsRefused, ToolSpec, checked
from sessions_app.session import ToolCall
from voicebot.lore import book_of_tools, drafts_near
from voicebot.meaning import embeddings
from voicebot.memories import Remembering
from voicebot.providers import ProviderCatalog
from voicebot.tools.callers import ToolVerdict, calls_functions, verdicts
from voicebot.tools.kinds import KINDS, ToolFailed
from voicebot.tools.mcp import ToolServers
from voicebot.tools.performing import perform
from voicebot.tools.said import said_of
from voicebot.tools.told import told_failure
from voicebot.tools.toolbox import Toolbox


class Desk(ProviderCatalog):
    """The voice side as the character admin asks it, with tools."""

    async def reply(
        self, spec: CharacterSpec, messages: Sequence[Message], tools: Any = None, *, said: str = ""
    ) -> AsyncIterator[str]:
        """With the character's tools, which run for real; their hands only say what they would have done.

        Where the model calls none, those that `said` calls run, and are the answer.
        """
        hands = RehearsedHands(spec)
        box = RehearsedBox(hands, _nothing, hands.ask)
        try:
            if called := await self._called(spec, said):
                for tool in called:
                    yield said_of(tool, await box.run(tool, {}, uuid4().hex), spec.language) + " "
            else:
                async for piece in super().reply(
                    spec, messages, lambda llm: box.schema() if spec.tools and calls_functions(llm) else None
                ):
                    yield piece
        except CannotSpeak:
            if not hands.done:  # else a tool was all of the answer
                raise
        finally:
            await box.stop()
            await hands.servers.close()
        for done in hands.done:
            yield f"\n({done})"

    async def _called(self, spec: CharacterSpec, said: str) -> list[ToolSpec]:
        """The tools that words call by themselves, none where the model calls them."""
        if not said or not any(tool.keys or tool.meanings for tool in spec.tools):
            return []
        verdicts = await sync_to_async(_verdicts, thread_sensitive=False)(spec, said)
        called = [one.tool for one in verdicts if one.called]
        return called if called and not calls_functions(await self.thinker(spec)) else []

    def called_tools(self, spec: CharacterSpec, words: str) -> Sequence[CalledTool]:
        return [CalledTool(one.tool.name, one.called, one.why) for one in _verdicts(spec, words)]

    def lacks(self, spec: CharacterSpec) -> Sequence[str]:
        found = list(super().lacks(spec))
        named = [tool.name for tool in spec.tools if tool.enabled and tool.meanings]
        if named and embeddings().trouble():
            sentence = _(
                "Tools called by meaning (%(names)s): meanings cannot be compared on this machine, so that "
                "only key words call them."
            )
            found.append(sentence % {"names": ", ".join(named)})
        return found

    def tool_kinds(self) -> Sequence[ToolKind]:
        return [
            ToolKind(kind.name, kind.label or kind.name, kind.options, kind.arguments)
            for kind in KINDS.values()
            if kind.offered is None or kind.offered()
        ]

    def tool_choices(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        found: dict[str, Sequence[tuple[str, str]]] = {}
        for kind in KINDS.values():
            if kind.choices is not None and (kind.offered is None or kind.offered()):
                found |= kind.choices()
        return found

    def completed_tool(self, tool: ToolSpec) -> ToolSpec:
        kind = KINDS.get(tool.kind)
        return tool if kind is None or kind.completed is None else kind.completed(tool)

    def try_tool(self, spec: CharacterSpec, tool: ToolSpec, given: Mapping[str, Any]) -> ToolTrial:
        """Runs it once, without visitor, page and memory."""
        hands, began = RehearsedHands(spec), time.monotonic()
        if tool.kind not in KINDS:
            return ToolTrial(told_failure("There is no such kind of tool here."))
        try:
            arguments = checked(KINDS[tool.kind].arguments_of(tool), given)
        except ArgumentsRefused as error:
            return ToolTrial(told_failure(str(error)))
        _outcome, told, answer = async_to_sync(_performed)(tool, arguments, hands)
        took_ms = round((time.monotonic() - began) * 1000)
        return ToolTrial(told, answer.said if answer else "", tuple(hands.done), took_ms)


def _verdicts(spec: CharacterSpec, words: str) -> list[ToolVerdict]:
    """Of the tools of a draft, with all patience."""
    tools = [tool for tool in spec.tools if tool.enabled and tool.kind in KINDS]
    return verdicts(tools, words, drafts_near(book_of_tools(tools), words))


async def _performed(tool: ToolSpec, arguments: dict[str, Any], hands: "RehearsedHands") -> Any:
    try:
        return await perform(tool, arguments, hands)
    finally:
        await hands.servers.close()


async def _nothing(_call: ToolCall) -> bytes:
    """A trial is no turn of anybody's history."""
    return b""


class RehearsedBox(Toolbox):
    """A toolbox that nothing is kept of, neither in a history nor in the audit."""

    async def _keep_all(self, tool: ToolSpec, call: ToolCall, took_secs: float) -> None:
        pass


class RehearsedHands:
    """Hands that do nothing but say what they would have done."""

    def __init__(self, spec: CharacterSpec) -> None:
        session = SimpleNamespace(metadata={}, visitor="anon:desk", id=uuid4())
        self.servers = ToolServers()
        context = SimpleNamespace(
            remembering=Remembering(), writer=SimpleNamespace(sequence=0), tool_servers=self.servers
        )
        self.state: Any = SimpleNamespace(
            spec=spec, speaking=spec, session=session, context=context, moment=Moment
        )
        self.done: list[str] = []

    async def ask(self, tool: ToolSpec, _arguments: Mapping[str, Any]) -> None:
        self.done.append(f"asks first: {tool.options.get('question') or tool.name}")

    async def say(self, text: str) -> None:
        self.done.append(f"says: {text}")

    async def show(self, message: Mapping[str, Any]) -> None:
        self.done.append(f"shows: {dict(message)}")

    async def speak_up(self, request: str) -> None:
        self.done.append(f"speaks up: {request}")

    def later(self, secs: float, _what: Callable[[], Awaitable[None]]) -> None:
        self.done.append(f"in {secs:g} seconds something follows")

    def hand_over(self, slug: str) -> None:
        self.done.append(f"hands over to {slug}")

    def end(self) -> None:
        self.done.append("ends the conversation")

    async def ask_page(self, _call_id: str, _name: str, _arguments: Mapping[str, Any]) -> Any:
        raise ToolFailed("There is no page in a trial.")
