"""The history of a session: what both sides said, sealed turn by turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sessions_app.records import TurnRecord
from sessions_app.sealing import Sealer

Role = Literal["user", "assistant"]
TABLE = "turn"
CUT_OFF = " —"  # how a turn that the visitor spoke into ends, in transcripts and for the model


@dataclass(frozen=True, slots=True)
class Turn:
    """One finished utterance. Of one that was cut off, `text` is what was heard. Its repr shows no words."""

    sequence: int
    role: Role
    text: str
    interrupted: bool
    created_at: datetime
    version: str = ""  # of the character that spoke it, such as captain-marlow@3; '' for a visitor's turn
    latency_ms: int | None = None  # from the end of the visitor's turn to the first sound of this one

    def __repr__(self) -> str:
        return f"<Turn {self.sequence} {self.role}>"

    @property
    def shown(self) -> str:
        """The text, marked if it was cut off."""
        return self.text + CUT_OFF if self.interrupted else self.text

    def sealed(self, sealer: Sealer) -> TurnRecord:
        sealed = sealer.seal(TABLE, "text", self.sequence, self.text)
        return TurnRecord(
            self.sequence,
            self.role,
            self.interrupted,
            sealed,
            self.created_at,
            self.version,
            self.latency_ms,
        )

    @classmethod
    def opened(cls, record: TurnRecord, sealer: Sealer) -> "Turn":
        """The turn of a record. Raises RecordUnreadable."""
        text = sealer.open(TABLE, "text", record.sequence, record.sealed)
        role: Role = "user" if record.role == "user" else "assistant"
        return cls(
            record.sequence,
            role,
            text,
            record.interrupted,
            record.created_at,
            record.version,
            record.latency_ms,
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "sequence": self.sequence,
            "role": self.role,
            "text": self.text,
            "interrupted": self.interrupted,
            "at": self.created_at.isoformat(),
            "version": self.version,
        }


@dataclass(frozen=True, slots=True)
class Past:
    """What a resumed session begins with: a summary of the oldest turns, and the newest ones as they were."""

    summary: str
    summarised: int  # the last turn that the summary covers
    turns: Sequence[Turn]

    def __repr__(self) -> str:
        return f"<Past of {len(self.turns)} turns after {self.summarised}>"
