"""Toolbox: the tools of one conversation's character, as its model gets them and as they run."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipecat.adapters.llm.schemas.direct_function import tool_options
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import FunctionCallResultProperties
from pipecat.services.llm_service import FunctionCallParams

from characters.tools import ArgumentsRefused, ToolSpec, checked
from sessions_app.session import Outcome, ToolCall
from voicebot.tools import audit
from voicebot.tools.hands import Hands
from voicebot.tools.kinds import KINDS, Answer
from voicebot.tools.limits import Limits
from voicebot.tools.performing import perform
from voicebot.tools.told import told_failure

GRACE_SECS = 5.0  # after a tool's own time, in which Pipecat would give it up
ASKED = "The visitor is asked first. Wait for their answer and say nothing of a result."
TOO_OFTEN = "This tool was used too often. Answer without it."
NOT_FOR_THEM = "This tool is for visitors who are signed in. Tell them so."


@dataclass(frozen=True)
class Done:
    """What came of a call: the turn of it, and what its kind answered."""

    call: ToolCall
    answer: Answer | None = None


class Toolbox:
    """Of one connection. `keep` takes each finished call for the history and gives it back sealed, `ask` asks
    the visitor first."""

    def __init__(
        self,
        hands: Hands,
        keep: Callable[[ToolCall], Awaitable[bytes]],
        ask: Callable[[ToolSpec, dict[str, Any]], Awaitable[None]],
        *,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hands, self._keep, self._ask = hands, keep, ask
        self.limits = limits or Limits()
        self._clock = clock
        self._notes: set[asyncio.Task[None]] = set()

    @property
    def tools(self) -> Sequence[ToolSpec]:
        """Those that can run."""
        return [tool for tool in self._hands.state.spec.tools if tool.enabled and tool.kind in KINDS]

    def schema(self) -> ToolsSchema | None:
        """What the model gets; None where there are no tools."""
        found = [self._function(tool) for tool in self.tools]
        return ToolsSchema(standard_tools=found) if found else None

    def _function(self, tool: ToolSpec) -> FunctionSchema:
        kind = KINDS[tool.kind]
        arguments = kind.arguments_of(tool)

        @tool_options(cancel_on_interruption=not tool.goes_on, timeout_secs=tool.timeout_secs + GRACE_SECS)
        async def handler(params: FunctionCallParams) -> None:
            done = await self.run(tool, dict(params.arguments), params.tool_call_id)
            silent = done.call.outcome == "asked" or (done.answer is not None and done.answer.final)
            properties = FunctionCallResultProperties(run_llm=False) if silent else None
            await params.result_callback(json.loads(done.call.result), properties=properties)

        return FunctionSchema(
            name=tool.name,
            description=tool.description or kind.description,
            properties={each.name: each.schema() for each in arguments},
            required=[each.name for each in arguments if each.required],
            handler=handler,
        )

    async def run(
        self, tool: ToolSpec, given: Mapping[str, Any], call_id: str, *, agreed: bool = False
    ) -> Done:
        """Runs a call, bounded, and keeps it: nothing that a tool does wrong comes out of here.

        With `agreed` the visitor was asked already.
        """
        began, answer = self._clock(), None
        outcome: Outcome = "cancelled"
        result = told_failure("The visitor has interrupted. It was not done to its end.")
        try:
            arguments = self._admitted(tool, given)
            if isinstance(arguments, str):
                outcome, result = (
                    ("limited" if arguments == TOO_OFTEN else "refused"),
                    told_failure(arguments),
                )
            elif tool.asks_first and not agreed:
                await self._ask(tool, arguments)
                outcome, result = "asked", json.dumps({"waiting": ASKED})
            else:
                outcome, result, answer = await perform(tool, arguments, self._hands)
        finally:
            shown = {name: given[name] for name in list(given)[:20]}
            call = ToolCall(call_id, tool.name, shown, result, outcome)
            await self._keep_all(tool, call, self._clock() - began)
        return Done(call, answer)

    async def _keep_all(self, tool: ToolSpec, call: ToolCall, took_secs: float) -> None:
        state = self._hands.state
        sealed = await self._keep(call)
        noting = asyncio.create_task(
            audit.note(state.session.id, state.spec.slug, tool, call, took_secs=took_secs, sealed=sealed)
        )
        self._notes.add(noting)
        noting.add_done_callback(self._notes.discard)

    async def stop(self) -> None:
        """Waits until all calls are in the audit."""
        await asyncio.gather(*self._notes, return_exceptions=True)

    def _admitted(self, tool: ToolSpec, given: Mapping[str, Any]) -> dict[str, Any] | str:
        """The checked arguments, or why it does not run."""
        if tool.audience == "accounts" and not self._hands.state.session.visitor.startswith("user:"):
            return NOT_FOR_THEM
        try:
            arguments = checked(KINDS[tool.kind].arguments_of(tool), given)
        except ArgumentsRefused as error:
            return str(error)
        return arguments if self.limits.take(tool) else TOO_OFTEN
