"""Provider choice: what the character admin asks about providers: which there are, and what they cannot do.

Characters know no provider themselves; whoever does calls `use`.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from characters.exceptions import CannotSpeak
from characters.lore import Nearness
from characters.prompts import DEFAULT_LIMIT, Message, Prompt
from characters.spec import CharacterSpec
from characters.text import Reason
from characters.tools import Argument, ToolSpec


@dataclass(frozen=True)
class Model:
    """A language model: its name, how many tokens it reads at once, and how to count them in its own
    vocabulary, if it can be asked."""

    name: str
    limit: int = DEFAULT_LIMIT
    count: Callable[[Sequence[Message]], int] | None = None

    def measure(self, prompt: Prompt) -> tuple[int, bool]:
        """How many tokens a prompt has, and whether that is exact."""
        if self.count is not None:
            try:
                return self.count(prompt.as_messages()), True
            except OSError:  # a server that is away: the estimate will do
                pass
        return prompt.tokens, False


@dataclass(frozen=True)
class Languages:
    """One language of a character, as codes: what it thinks and writes in, what its voice is made for, and
    what is heard of its visitors' speech."""

    language: str
    voice: str
    ears: str


@dataclass(frozen=True)
class Fit:
    """A written exchange that may answer: the wording that came nearest, its first wording, its answers, and
    how sure that is, 0 to 1."""

    question: str
    first: str
    answers: Sequence[str]
    sure: float
    follows_up: bool = False


Speaks = Literal["written", "honest", "told", "again", "fallback", "house", "model"]


@dataclass(frozen=True)
class WrittenReply:
    """What of a character's exchanges fits a line, the surest first, and what would be said to it.

    `speaks` says why: an exchange that fits, the honest answer to who asks whether a machine is there, what
    visitors have told of themselves, the last words again, what is written for when nothing fits, the house's
    words for that, or the language model, which has seen the first `shown` of the exchanges; then nothing is
    `said`. Not `by_meaning`: by letters alone.
    """

    fits: Sequence[Fit]
    speaks: Speaks
    said: str = ""
    by_meaning: bool = True
    shown: int = 0


@dataclass(frozen=True)
class Read:
    """A passage of the character's documents: as the model reads it, its words, its source, and how near it
    is to what was said, 0 to 1."""

    told: str
    text: str
    source: str
    score: float


@dataclass(frozen=True)
class ToolKind:
    """A kind of tool: what it is called, which options writers fill in, and its arguments, unless these are
    each tool's own."""

    name: str
    label: Any
    options: Sequence[str] = ()
    arguments: Sequence[Argument] | None = None


@dataclass(frozen=True)
class ToolTrial:
    """What came of a trial: what the model would be told, what is said where it cannot call tools, and what
    else would have been done."""

    told: str
    said: str = ""
    done: Sequence[str] = ()
    took_ms: int = 0


@dataclass(frozen=True)
class CalledTool:
    """Whether words call a tool where the model cannot, and why."""

    name: str
    called: bool
    why: Reason


class VoiceSide(Protocol):
    """What the character admin asks."""

    def problems(self, spec: CharacterSpec) -> dict[str, str]:
        """What the chosen providers cannot do, a sentence for each field of the form."""

    def lacks(self, spec: CharacterSpec) -> Sequence[str]:
        """What of a character has no effect with its provider of speech to speech, a sentence each."""

    def model(self, spec: CharacterSpec) -> Model:
        """The language model that would think for this character."""

    def languages(self, spec: CharacterSpec) -> Sequence[Languages]:
        """What this character and its providers know of each of its languages, the main one first.

        Reads no database.
        """

    def providers(self, stage: str) -> list[tuple[str, str]]:
        """The providers for a stage (stt, llm, tts, speech_to_speech) as value and label."""

    def speak(self, spec: CharacterSpec, text: str) -> bytes:
        """`text` in the character's voice, as WAV. Raises CannotSpeak."""

    def reply(
        self, spec: CharacterSpec, messages: Sequence[Message], *, said: str = ""
    ) -> AsyncIterator[str]:
        """What the language model answers, piece by piece as it comes. Raises CannotSpeak.

        `said` is what the visitor said last: it may call tools by itself, where the model calls none.
        """

    def written(
        self, spec: CharacterSpec, talk: Sequence[Message], metadata: Mapping[str, Any]
    ) -> WrittenReply:
        """What is written for the last line of a talk, and what would be said to it."""

    def near(self, spec: CharacterSpec, words: str) -> Mapping[int, Nearness]:
        """How near, by meaning, the entries of its lorebook are to what was said, by their numbers."""

    def read(self, spec: CharacterSpec, talk: Sequence[Message], limit: int) -> Sequence[Read]:
        """What its documents say to the last line of a talk, for a model that reads `limit` tokens."""

    def voices(self, spec: CharacterSpec) -> list[tuple[str, str]]:
        """The voices that the character's provider is known to have, as value and label; none if unknown."""

    def tool_kinds(self) -> Sequence[ToolKind]:
        """The kinds of tools that there are here."""

    def tool_choices(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        """What options of kinds are chosen from, as value and label, by the option's name. Asks servers."""

    def completed_tool(self, tool: ToolSpec) -> ToolSpec:
        """The tool with what its kind knows of it, such as its arguments. Raises ToolRefused."""

    def try_tool(self, spec: CharacterSpec, tool: ToolSpec, given: Mapping[str, Any]) -> ToolTrial:
        """What comes of a tool with these arguments, now and for real, without a visitor."""

    def called_tools(self, spec: CharacterSpec, words: str) -> Sequence[CalledTool]:
        """Which tools the words of a visitor call where the model cannot; of each that can run, why."""


class _Nobody:
    """Before a voice side is there: nothing is known, so nothing is refused."""

    def problems(self, spec: CharacterSpec) -> dict[str, str]:
        return {}

    def lacks(self, spec: CharacterSpec) -> Sequence[str]:
        return []

    def model(self, spec: CharacterSpec) -> Model:
        return Model("")

    def languages(self, spec: CharacterSpec) -> Sequence[Languages]:
        return [Languages(language, language, language) for language in spec.languages]

    def providers(self, stage: str) -> list[tuple[str, str]]:
        return []

    def speak(self, spec: CharacterSpec, text: str) -> bytes:
        raise CannotSpeak("There is no voice here.")

    async def reply(
        self, spec: CharacterSpec, messages: Sequence[Message], *, said: str = ""
    ) -> AsyncIterator[str]:
        raise CannotSpeak("There is no language model here.")
        yield ""

    def written(
        self, spec: CharacterSpec, talk: Sequence[Message], metadata: Mapping[str, Any]
    ) -> WrittenReply:
        return WrittenReply([], "model")

    def read(self, spec: CharacterSpec, talk: Sequence[Message], limit: int) -> Sequence[Read]:
        return []

    def near(self, spec: CharacterSpec, words: str) -> Mapping[int, Nearness]:
        return {}

    def voices(self, spec: CharacterSpec) -> list[tuple[str, str]]:
        return []

    def tool_kinds(self) -> Sequence[ToolKind]:
        return []

    def tool_choices(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        return {}

    def completed_tool(self, tool: ToolSpec) -> ToolSpec:
        return tool

    def try_tool(self, spec: CharacterSpec, tool: ToolSpec, given: Mapping[str, Any]) -> ToolTrial:
        return ToolTrial("")

    def called_tools(self, spec: CharacterSpec, words: str) -> Sequence[CalledTool]:
        return []


_voice_side: VoiceSide = _Nobody()


def use(voice_side: VoiceSide) -> None:
    """Names who answers."""
    global _voice_side  # noqa: PLW0603  (set once, when the apps are ready)
    _voice_side = voice_side


def ask() -> VoiceSide:
    return _voice_side
