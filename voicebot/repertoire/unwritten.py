"""What visitors asked and nobody had written: found again in what was said, alike ones together.

What was answered by a written exchange is not looked at; what the repertoire would answer by now is left out.
Nothing is kept, and no vector of what a visitor said is written anywhere.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from characters.spec import CharacterSpec
from voicebot.meaning import DIMENSIONS, LexicalIndex, Vectors
from voicebot.repertoire import certainty
from voicebot.repertoire.answers import plain
from voicebot.repertoire.follow_ups import follow_up
from voicebot.repertoire.honesty import asks_whether_machine
from voicebot.repertoire.index_cache import IndexCache, Written
from voicebot.repertoire.personal import asked_of_self
from voicebot.repertoire.turn import find

MOST_SEARCHED = 150  # different ones, the newest: some 16 ms each
MOST_SHOWN = 30
MOST_WORDINGS = 4  # that are shown of alike ones
SEARCH_SECS = 8.0  # for all; what is left then is compared by letters
ALIKE = certainty.SPOKEN_FOR_MODEL  # so sure that one exchange would answer both
ASKS = re.compile("[?\uff1f]")
SHORT_WORDS, SHORT_IDEOGRAPHS = 3, 5  # fewer are a yes, a thanks, or a half sentence
IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
LONG_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Said:
    """One turn of a conversation. Its repr shows no words."""

    by_visitor: bool
    text: str = field(repr=False)
    at: datetime


@dataclass(slots=True)
class Unwritten:
    """Something that visitors asked: different wordings, the newest first, how often, and when last."""

    wordings: list[str] = field(repr=False)
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class _Asked:
    text: str = field(repr=False)
    at: datetime
    last: int | None  # the exchange that was answered before


def unwritten(
    spec: CharacterSpec,
    talks: Sequence[Sequence[Said]],
    on: IndexCache,
    clock: Callable[[], float] = time.monotonic,
) -> list[Unwritten]:
    """Of talks: what nothing is written for, the most frequent first. Blocks for seconds."""
    written, until = on.written(spec), clock() + SEARCH_SECS
    on.read(SEARCH_SECS / 2)
    counted: dict[str, list[_Asked]] = {}
    for asked in sorted(_unanswered(talks, written), key=lambda one: one.at, reverse=True):
        if (key := plain(asked.text)) in counted or len(counted) < MOST_SEARCHED:
            counted.setdefault(key, []).append(asked)

    def left() -> float:
        return max(0.0, until - clock())

    open_ones = []
    for same in counted.values():
        found = find(same[0].text, written, last=same[0].last, within_secs=left(), on=on)
        if not found or found[0].sure < certainty.SPOKEN:
            open_ones.append(same)
    together = _together([same[0].text for same in open_ones], written, on, left)
    groups = []
    for numbers in together:
        every = [asked for number in numbers for asked in open_ones[number]]
        wordings = [open_ones[number][0].text for number in numbers][:MOST_WORDINGS]
        groups.append(Unwritten(wordings, len(every), max(asked.at for asked in every)))
    return sorted(groups, key=lambda one: (one.count, one.last_at), reverse=True)[:MOST_SHOWN]


def _unanswered(talks: Sequence[Sequence[Said]], written: Written) -> Iterator[_Asked]:
    """What visitors asked and no written exchange answered at the time."""
    for talk in talks:
        last: int | None = None
        for turn, reply in zip(talk, [*talk[1:], None], strict=True):
            if not turn.by_visitor:
                last = written.answers.exchange_of(turn.text)
                continue
            answered = reply and not reply.by_visitor and written.answers.exchange_of(reply.text) is not None
            if reply and not answered and _is_question(turn.text):
                yield _Asked(" ".join(turn.text.split())[-LONG_CHARACTERS:], turn.at, last)


def _is_question(words: str) -> bool:
    """Whether an exchange could be written for it: no yes, no “go on”, nothing that rules answer."""
    if follow_up(words) or asked_of_self(words) or asks_whether_machine(words):
        return False
    long = len(words.split()) >= SHORT_WORDS or len(IDEOGRAPH.findall(words)) >= SHORT_IDEOGRAPHS
    return bool(plain(words)) and (long or ASKS.search(words) is not None)


def _together(
    texts: Sequence[str], written: Written, on: IndexCache, left: Callable[[], float]
) -> list[list[int]]:
    """Those that one exchange would answer, by number: each beside the first that it is like."""
    letters = LexicalIndex(texts)
    meant = [_centred(text, written, on, left()) for text in texts]
    groups: list[list[int]] = []
    for number, text in enumerate(texts):
        near = letters.similarity(text)
        for group in groups:
            first, own = meant[group[0]], meant[number]
            by_meaning = first is not None and own is not None
            product = own[0] @ first[0] if first is not None and own is not None else None
            meaning = None if product is None else np.array([product], np.float32)
            value = float(certainty.score(near[group[:1]], meaning)[0])
            if certainty.sure(value, by_meaning=by_meaning) >= ALIKE:
                group.append(number)
                break
        else:
            groups.append([number])
    return groups


def _centred(text: str, written: Written, on: IndexCache, secs: float) -> Vectors | None:
    vector = on.meaning(written.index, text, secs)
    return None if vector is None else written.index.centred(vector.reshape(1, DIMENSIONS))
