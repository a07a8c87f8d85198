"""Turns: what both sides of a session said, sealed one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from characters.text import cleaned
from sessions_app.crypto import Sealer
from sessions_app.session.coverage import Coverage
from sessions_app.session.tool_call import ToolCall
from sessions_app.stores import TurnRecord

Role = Literal["user", "assistant", "tool"]
ROLES: dict[str, Role] = {"user": "user", "tool": "tool"}  # anything else is the character's
Lore = Mapping[str, Any] | None  # as JSON; what it means is its writer's business
TURN_TABLE = "turn"
CUT_OFF = " —"  # how a turn that the visitor spoke into ends, in transcripts and for the model


def bound_to(turn: "Turn | TurnRecord") -> str:
    """What stands beside a turn's words in the clear, and cannot be changed without them."""
    return f"{turn.identity}:{turn.role}:{'cut' if turn.interrupted else 'whole'}:{turn.version}"


@dataclass(frozen=True, slots=True)
class Turn:
    """One finished utterance, or the call of a tool, whose `text` is a `ToolCall`'s.

    Of one that was cut off, `text` is what was heard. Its repr shows no words.

    `identity` is given when it is made: written again, it is the same turn and not another one.
    """

    sequence: int
    role: Role
    text: str
    interrupted: bool
    created_at: datetime
    version: str = ""  # of the character that spoke it, such as captain-marlow@3; '' for a visitor's turn
    latency_ms: int | None = None  # from the end of the visitor's turn to the first sound of this one
    identity: UUID = field(default_factory=uuid4)

    def __repr__(self) -> str:
        return f"<Turn {self.sequence} {self.role}>"

    @property
    def shown(self) -> str:
        """The text, marked if it was cut off; of a tool's call a line."""
        if call := self.call:
            return call.line
        return self.text + CUT_OFF if self.interrupted else self.text

    @property
    def call(self) -> ToolCall | None:
        return ToolCall.of(self.text) if self.role == "tool" else None

    def sealed(self, sealer: Sealer) -> TurnRecord:
        """The turn as it is stored from now on: the words are bound to role, order and interruption."""
        sealed = sealer.seal(TURN_TABLE, "text", self.sequence, self.text, bound_to(self))
        return TurnRecord(
            self.sequence,
            self.role,
            self.interrupted,
            sealed,
            self.created_at,
            self.version,
            self.latency_ms,
            self.identity,
        )

    @classmethod
    def opened(cls, record: TurnRecord, sealer: Sealer) -> "Turn":
        """The turn of a record. Raises RecordUnreadable."""
        text = sealer.open(TURN_TABLE, "text", record.sequence, record.sealed, bound_to(record))
        role = ROLES.get(record.role, "assistant")
        return cls(
            record.sequence,
            role,
            cleaned(text),  # of earlier versions, which took what is no text
            record.interrupted,
            record.created_at,
            record.version,
            record.latency_ms,
            record.identity,
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "sequence": self.sequence,
            "role": self.role,
            "text": self.shown if self.role == "tool" else self.text,
            "interrupted": self.interrupted,
            "at": self.created_at.isoformat(),
            "version": self.version,
        }


@dataclass(frozen=True, slots=True)
class Past:
    """What a resumed session begins with: a summary of the oldest turns, and those that it does not cover."""

    summary: str
    covered: Coverage  # by the summary
    turns: Sequence[Turn]
    lore: Lore = None  # what the lorebook remembered when the summary was made

    def __repr__(self) -> str:
        return f"<Past of {len(self.turns)} turns after {self.covered.upto}>"
