"""Reasoning in a model's output: taken out of the text before anything counts, keeps or speaks it.

Models that reason write it between tags in front of their answer, unless their server parses it into a field
of its own. Some templates put the opening tag into the prompt, so that the output holds the closing one alone
(DeepSeek-R1 and QwQ behind vLLM without a reasoning parser).
"""

import re
from enum import Enum

from pipecat.frames.frames import (
    Frame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from characters.text import cleaned

# As DeepSeek, Qwen and GLM write them; some fine-tunes; Gemma; Magistral; Seed-OSS; Kimi-VL.
PAIRS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("[think]", "[/think]"),
    ("<seed:think>", "</seed:think>"),
    ("◁think▷", "◁/think▷"),
)
CLOSING = dict(PAIRS)
TAGS = tuple(tag for pair in PAIRS for tag in pair)
ANY_TAG = re.compile("|".join(map(re.escape, TAGS)), re.IGNORECASE)
STARTS = frozenset(tag[:length] for tag in TAGS for length in range(1, len(tag)))
LONGEST_TAG = max(map(len, TAGS))
# Names of models that are known to reason: their first reply is not passed on before it is clear how.
REASONERS = re.compile(
    r"deepseek-?r1|\br1\b|qwq|qwen-?3|think|reason|magistral|glm-?[45]|minimax-?m|nemotron|exaone-deep|seed-oss",
    re.IGNORECASE,
)


class Habit(Enum):
    """How a model writes its reasoning, as far as its replies have shown."""

    UNKNOWN = "unknown"
    UNOPENED = "unopened"  # the template has the opening tag
    PLAIN = "plain"  # with both tags, or not in the text at all


_habits: dict[str, Habit] = {}  # by model; one entry for each that was ever asked
_reasoning: set[str] = set()  # models that were seen to reason


def habit_of(model: str) -> Habit:
    return _habits.get(model, Habit.UNKNOWN)


def reasons(model: str) -> bool:
    """Whether a model is known to reason, so that its replies need more room than their answers do."""
    return model in _reasoning or bool(REASONERS.search(model))


def note_reasoning(model: str) -> None:
    _reasoning.add(model)


class ThoughtParser:
    """Takes the reasoning out of one reply that comes in pieces, however it is cut up.

    `model` names whose reply it is (server and model): what is learnt of its habits holds for the next one.
    """

    def __init__(self, model: str = ""):
        self.model = model
        habit = habit_of(model)
        self._held = habit is Habit.UNOPENED or (habit is Habit.UNKNOWN and bool(REASONERS.search(model)))
        self._closing = ""  # of the tag that is open
        self._buffer = ""
        self._begun = False  # some of the answer was given out

    def feed(self, piece: str) -> str:
        """What of the reply can be passed on now."""
        self._buffer += piece
        return self._answer("".join(self._parts()))

    def elsewhere(self) -> str:
        """The server sends the reasoning in a field of its own: none is to be expected in the text."""
        note_reasoning(self.model)
        self._learn(Habit.PLAIN)
        self._held = False
        return self.feed("")

    def finish(self) -> str:
        """The rest of a reply that is over. Reasoning that nobody closed is no answer."""
        self._learn(Habit.PLAIN)  # unless there was a lone closing tag
        self._held = False
        rest = "" if self._closing else "".join(self._parts()) + self._buffer
        self._buffer = ""
        return self._answer(rest)

    def _answer(self, text: str) -> str:
        """`text` without the blank lines between reasoning and answer."""
        if not self._begun:
            text = text.lstrip()
            self._begun = bool(text)
        return text

    def _parts(self) -> list[str]:
        found: list[str] = []
        while tag := self._next_tag():
            before, self._buffer = self._buffer[: tag.start()], self._buffer[tag.end() :]
            name = tag[0].lower()
            note_reasoning(self.model)
            if self._closing:
                self._closing = ""
            elif name in CLOSING:
                found.append(before)
                self._closing, self._held = CLOSING[name], False
                self._learn(Habit.PLAIN)
            else:
                # Closed without ever having been opened. What was passed on before cannot be taken back.
                self._learn(Habit.UNOPENED)
                if not self._held:
                    found.append(before)
                self._held = False
        if not self._held:
            found.append(self._certain())
        return found

    def _next_tag(self) -> re.Match[str] | None:
        if not self._closing:
            return ANY_TAG.search(self._buffer)
        return re.compile(re.escape(self._closing), re.IGNORECASE).search(self._buffer)

    def _certain(self) -> str:
        """What is in the buffer up to what may be the beginning of a tag; reasoning is thrown away."""
        keep = 0
        for length in range(1, min(LONGEST_TAG, len(self._buffer) + 1)):
            if self._buffer[-length:].lower() in STARTS:
                keep = length
        upto = len(self._buffer) - keep
        text, self._buffer = self._buffer[:upto], self._buffer[upto:]
        return "" if self._closing else text

    def _learn(self, habit: Habit) -> None:
        if self.model and (habit is Habit.UNOPENED or habit_of(self.model) is Habit.UNKNOWN):
            _habits[self.model] = habit


def without_thoughts(text: str) -> str:
    """A whole text, such as a summary, without its reasoning: what is before a lone closing tag is some."""
    parser = ThoughtParser()
    parser._held = True
    return parser.feed(text) + parser.finish()


class ThoughtFilter(FrameProcessor):
    """Passes on an LLM's text without its reasoning.

    All text that comes out is in frames of its own: observers that read those alone (see `worker`) never see
    the reasoning, either.
    """

    def __init__(self, model: str):
        super().__init__()
        self._model = model
        self._parser = ThoughtParser(model)
        self._skip_tts: bool | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMTextFrame) and direction is FrameDirection.DOWNSTREAM:
            self._skip_tts = frame.skip_tts
            await self._pass_on(self._parser.feed(frame.text))
            return
        if isinstance(frame, (LLMFullResponseStartFrame, InterruptionFrame)):
            self._parser = ThoughtParser(self._model)
        elif isinstance(frame, LLMFullResponseEndFrame):
            await self._pass_on(self._parser.finish())
        await self.push_frame(frame, direction)

    async def _pass_on(self, text: str) -> None:
        if text:
            frame = LLMTextFrame(cleaned(text))
            frame.skip_tts = self._skip_tts
            await self.push_frame(frame)
