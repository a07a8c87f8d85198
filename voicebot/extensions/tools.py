"""Kinds of tools that other apps add; a writer gives one to a character as any built-in kind."""

from collections.abc import Callable, Sequence

from characters.tools import Argument
from voicebot.tools import Answer, Call, Kind, Run, ToolFailed, add_kind

__all__ = ["Answer", "Argument", "Call", "ToolFailed", "tool"]


def tool(
    name: str,
    *,
    label: str = "",
    description: str = "",
    arguments: Sequence[Argument] | None = (),
    options: Sequence[str] = (),
) -> Callable[[Run], Run]:
    """Decorates a coroutine function that runs tools of a kind: gets a `Call`, answers data or an `Answer`.

    `call.arguments` are checked against `arguments`; with None these are each tool's writer's. `call.state`
    has session, visitor, metadata and character, `call.hands` what it can do with the conversation, and
    `call.tool.options` what a writer filled in of `options`. It raises `ToolFailed` with a sentence for the
    model. Raises ValueError for a name that is none or taken.
    """

    def register(run: Run) -> Run:
        fixed = None if arguments is None else tuple(arguments)
        add_kind(Kind(name, run, label or name, description, fixed, tuple(options)))
        return run

    return register
