"""Merging: what new findings make of what is known. A later one corrects an earlier one of its subject,
the same thing said twice is known once, and of too many the least used go."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from sessions_app.memories.recollection import (
    ASKED,
    MOST_TIMES,
    Bounds,
    Finding,
    Recollection,
    plain_words,
)

AGAIN = 0.5  # of the doubt is gone when something is said once more


@dataclass
class Merged:
    """What is to be written: new ones, those of which something was said again, and ids to remove."""

    new: dict[UUID, Recollection] = field(default_factory=dict)
    again: dict[UUID, Recollection] = field(default_factory=dict)
    gone: list[UUID] = field(default_factory=list)


def merge(
    known: Sequence[Recollection], findings: Sequence[Finding], bounds: Bounds, now: datetime
) -> Merged:
    """What `findings`, in their order, make of `known`."""
    result = Merged()
    there = {memory.id: memory for memory in known}
    by_subject = {m.finding.subject: m.id for m in reversed(known) if m.finding.subject}
    by_words = {plain_words(m.text): m.id for m in reversed(known)}
    for finding in findings:
        words = plain_words(finding.text)
        if finding.kind not in bounds.kinds or not words:
            continue
        same = by_subject.get(finding.subject) if finding.subject.startswith(ASKED) else by_words.get(words)
        if same in there:
            heard = _heard_again(there[same], finding, now)
            there[same] = heard
            (result.new if same in result.new else result.again)[same] = heard
            continue
        older = by_subject.get(finding.subject) if finding.subject else None
        if older in there:
            _remove(there, result, older)
        made = Recollection(uuid4(), finding, now, now)
        there[made.id] = result.new[made.id] = made
        by_words[words] = made.id
        if finding.subject:
            by_subject[finding.subject] = made.id
    too_many = len(there) - bounds.most
    for memory in sorted(there.values(), key=_least_used)[: max(0, too_many)]:
        _remove(there, result, memory.id)
    return result


def _least_used(memory: Recollection) -> tuple[bool, int, datetime, datetime]:
    return not memory.finding.passing, memory.uses, memory.used_at, memory.created_at


def _heard_again(memory: Recollection, finding: Finding, now: datetime) -> Recollection:
    doubt = 1 - max(memory.finding.confidence, finding.confidence)
    surer = replace(
        memory.finding,
        confidence=round(1 - AGAIN * doubt, 3),
        due=finding.due or memory.finding.due,
        times=min(memory.finding.times + finding.times, MOST_TIMES),
    )
    return replace(memory, finding=surer, used_at=now, uses=memory.uses + 1)


def _remove(there: dict[UUID, Recollection], result: Merged, memory_id: UUID) -> None:
    there.pop(memory_id)
    result.again.pop(memory_id, None)
    if result.new.pop(memory_id, None) is None:
        result.gone.append(memory_id)


def matching(known: Sequence[Recollection], words: str) -> list[Recollection]:
    """Those in which all words stand of what a visitor names to be forgotten, such as "dog"."""
    return [memory for memory in known if is_about(memory.finding, words)]


def is_about(finding: Finding, words: str) -> bool:
    """Whether all words stand in it of what a visitor names."""
    asked = plain_words(words).split()
    said = plain_words(f"{finding.text} {finding.subject}")
    there = set(said.split())
    # Scripts without spaces have no words to compare.
    return bool(asked) and all(word in there or (not word.isascii() and word in said) for word in asked)
