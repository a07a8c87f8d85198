"""Recollections: what is remembered, opened; findings: what was learnt and is not kept yet."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from characters.field_limits import MEMORY_KINDS

MEMORY_CHARACTERS = 200  # of one fact or episode: a sentence
SUBJECT_CHARACTERS = 80
MOST_TIMES = 999
ASKED = "asked:"  # begins the subject of what a visitor asked about


@dataclass(frozen=True, slots=True)
class Finding:
    """Something learnt of a visitor, about whom `text` says it: "has a dog called Pip".

    Findings of one `subject`, such as `pet:dog`, correct each other; one without stands for itself. `said` is
    the number of the turn of `session` it was learnt from, `confidence` from 0 to 1, `due` a day as ISO date,
    `value` the bare thing, such as the name itself, `times` how often it was said.
    """

    text: str
    kind: str
    subject: str = ""
    confidence: float = 1.0
    session: str = ""
    said: int = 0
    due: str = ""
    value: str = ""
    times: int = 1

    def __repr__(self) -> str:
        return f"<Finding of {self.kind}>"

    @property
    def passing(self) -> bool:
        """Whether it is a question that was asked once: it makes room for anything else."""
        return self.subject.startswith(ASKED) and self.times < 2

    def as_payload(self) -> dict[str, Any]:
        return {
            "text": " ".join(self.text.split())[:MEMORY_CHARACTERS],
            "kind": self.kind,
            "subject": self.subject[:SUBJECT_CHARACTERS],
            "confidence": self.confidence,
            "session": self.session,
            "said": self.said,
            "due": self.due,
            "value": self.value[:MEMORY_CHARACTERS],
            "times": min(self.times, MOST_TIMES),
        }


@dataclass(frozen=True, slots=True)
class Recollection:
    """A finding that is kept. `vector` is float16 numbers, little-endian, or empty. Its repr has no words."""

    id: UUID
    finding: Finding
    created_at: datetime
    used_at: datetime
    uses: int = 0
    vector: bytes = b""

    def __repr__(self) -> str:
        return f"<Recollection {self.id}>"

    @property
    def text(self) -> str:
        return self.finding.text

    @property
    def told(self) -> str:
        """As a model reads it: with how often something was asked."""
        times, asked = self.finding.times, self.finding.subject.startswith(ASKED)
        if not asked or times < 2:
            return self.text
        if any("\u3400" <= sign <= "\u9fff" for sign in self.text):
            return f"{self.text}（{times}次）"  # noqa: RUF001
        return f"{self.text} {'twice' if times == 2 else f'{times} times'}"

    def as_json(self) -> dict[str, Any]:
        """As its visitor reads it."""
        return {
            "id": str(self.id),
            "text": self.text,
            "kind": self.finding.kind,
            "confidence": self.finding.confidence,
            "session": self.finding.session or None,
            "at": self.created_at.isoformat(),
            "due": self.finding.due or None,
            "times": self.finding.times,
        }


@dataclass(frozen=True, slots=True)
class Known:
    """What a character knows of a visitor, and the answer to whether it may ('' while open)."""

    visitor: str
    character: str
    consent: str = ""
    consent_at: datetime | None = None
    recollections: Sequence[Recollection] = ()
    asked: bool = False  # and whoever was asked aloud is not asked so again
    revision: str = ""  # another one whenever something else is known; '' of nobody's

    def __repr__(self) -> str:
        return f"<Known of {self.character}: {len(self.recollections)}>"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a character's editor allows to be kept: how many of which kinds, and for how many days."""

    most: int = 100
    days: int = 365
    kinds: frozenset[str] = frozenset(MEMORY_KINDS)


@dataclass(frozen=True, slots=True)
class Learnt:
    """What became of findings: recollections that are new (or say something new), and ids that went."""

    new: Sequence[Recollection] = ()
    gone: Sequence[UUID] = field(default=())


def plain_words(text: str) -> str:
    """Two texts that say the same in other letters or signs come out alike."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
