"""Tool call: what a character's tool was asked and what it gave, as the text of one sealed turn."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["ok", "failed", "timeout", "cancelled", "refused", "limited", "asked", "declined"]
ARGUMENT_CHARACTERS = 2_000
EVENT_TABLE = "event"  # where a call is sealed for who is told of it
RESULT_CHARACTERS = 4_000  # about a thousand tokens: a model with 2048 reads no more beside its prompt
LINE_CHARACTERS = 160  # of what a transcript shows of either


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call. `result` is what the model was told, as text. Its repr shows no words."""

    id: str
    tool: str
    arguments: dict[str, Any] = field(repr=False)
    result: str = field(repr=False)
    outcome: Outcome = "ok"

    @property
    def text(self) -> str:
        """The text of its turn."""
        return json.dumps(
            {
                "id": self.id,
                "tool": self.tool,
                "arguments": self.arguments,
                "result": self.result,
                "outcome": self.outcome,
            },
            ensure_ascii=False,
        )

    def as_words(self) -> dict[str, Any]:
        """What an event tells of it, where words are wanted."""
        return {"call": self.id, "arguments": self.arguments, "result": self.result}

    @classmethod
    def of(cls, text: str) -> "ToolCall | None":
        """The call of a turn's text, None for a text that is none."""
        try:
            kept = json.loads(text)
            return cls(kept["id"], kept["tool"], kept["arguments"], kept["result"], kept["outcome"])
        except (ValueError, KeyError, TypeError):
            return None

    @property
    def line(self) -> str:
        """How it is shown in a transcript, in one line."""
        given = ", ".join(f"{name}: {value}" for name, value in self.arguments.items())
        told = f"{self.tool}({_short(given)})"
        return f"{told} → {_short(self.result)}" if self.outcome == "ok" else f"{told} → {self.outcome}"

    def messages(self) -> list[dict[str, Any]]:
        """The call and its answer as a language model reads them."""
        function = {"name": self.tool, "arguments": json.dumps(self.arguments, ensure_ascii=False)}
        return [
            {
                "role": "assistant",
                "tool_calls": [{"id": self.id, "type": "function", "function": function}],
            },
            {"role": "tool", "tool_call_id": self.id, "content": self.result},
        ]


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= LINE_CHARACTERS else one_line[: LINE_CHARACTERS - 1] + "…"
