"""Kinds of tools: what runs a tool, found by name; other apps add theirs with `extensions.tool`."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from characters.tools import Argument, ToolSpec
from voicebot.tools.hands import Hands

if TYPE_CHECKING:
    from voicebot.pipeline import ConversationState

NAME = re.compile(r"[a-z][a-z0-9_.-]{0,39}")


class ToolFailed(Exception):
    """A tool has no answer. The message is for the model and quotes nobody; others' `words` are data."""

    def __init__(self, message: str, words: str = "") -> None:
        super().__init__(message)
        self.words = words


@dataclass(frozen=True)
class Answer:
    """What a tool gives: `data` for the model, and `said`, a sentence for where no model reads it.

    After one that is `final` the model says nothing more of it.
    """

    data: Any
    said: str = ""
    final: bool = False


@dataclass(frozen=True)
class Call:
    """One call that is to run, as a kind gets it. `arguments` are checked; `state` knows the conversation."""

    tool: ToolSpec
    arguments: dict[str, Any] = field(repr=False)
    hands: Hands

    @property
    def state(self) -> "ConversationState":
        return self.hands.state

    @property
    def language(self) -> str:
        """The code of the language that is spoken now."""
        return self.state.speaking.language


Run = Callable[[Call], Awaitable[Answer | Any]]
# What the desk asks, in a thread: these may read the database, and wait for servers.
Choices = Callable[[], Mapping[str, Sequence[tuple[str, str]]]]
Complete = Callable[[ToolSpec], ToolSpec]


@dataclass(frozen=True)
class Kind:
    """How tools of a kind run. With `arguments` these are every tool's of the kind; without, its writer's."""

    name: str
    run: Run
    label: Any = ""
    description: str = ""  # for the model, where a writer gives none
    arguments: tuple[Argument, ...] | None = None
    options: tuple[str, ...] = ()  # that a writer fills in, by name
    choices: Choices | None = None  # of options that are one of a list: value and label, by the option's name
    completed: Complete | None = None  # a tool that a writer saves, with what its kind knows of it
    offered: Callable[[], bool] | None = None  # whether writers are offered it here

    def arguments_of(self, tool: ToolSpec) -> tuple[Argument, ...]:
        return tool.arguments if self.arguments is None else self.arguments


# Filled at import and when Django finds each app's `greenroom` module.
KINDS: dict[str, Kind] = {}


def add_kind(kind: Kind) -> None:
    """Raises ValueError, with a sentence, for a name that is none or taken."""
    if not NAME.fullmatch(kind.name):
        raise ValueError(
            f"{kind.name!r} is no name for a kind of tool: write small letters, figures, . and -."
        )
    if kind.name in KINDS:
        raise ValueError(f"There is a kind of tool {kind.name!r} already.")
    if not callable(kind.run):
        raise ValueError(f"The kind of tool {kind.name!r} needs a function that runs it.")
    KINDS[kind.name] = kind


def built_in(
    name: str,
    label: Any,
    description: str,
    arguments: Sequence[Argument] | None = (),
    *,
    options: Sequence[str] = (),
    choices: Choices | None = None,
    completed: Complete | None = None,
    offered: Callable[[], bool] | None = None,
) -> Callable[[Run], Run]:
    """Decorates what runs a kind that comes with Greenroom."""

    def register(run: Run) -> Run:
        fixed = None if arguments is None else tuple(arguments)
        add_kind(Kind(name, run, label, description, fixed, tuple(options), choices, completed, offered))
        return run

    return register
