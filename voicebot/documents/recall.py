"""Recall of documents: what of them a turn calls for, cut to what there is room for, told as quotations."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from django.db import Error as DatabaseError

from characters.spec import CharacterSpec
from characters.text import quoted, token_estimate
from voicebot.documents.index import Hit
from voicebot.documents.index_cache import DocumentIndexes, indexes
from voicebot.meaning import Embeds, LexicalIndex, meaning_in_time, question_in

RECALLED = 3  # passages of one turn
WITHIN_SECS = 0.1  # for the vector of the question, of which 16 ms is usual: without it nothing is found
LEAST_TOKENS = 24  # of a passage; less is not worth quoting
SHARE = 12  # of what the model reads: so many times less is what is recalled, memories and documents together
MOST_TOKENS = 600
QUOTE_CHARACTERS = 2000
SOURCE_CHARACTERS = 120
SOURCE_TOKENS = 8  # quotation marks and "from"
_SENTENCE = re.compile(r"[^.!?\u3002\uff01\uff1f\n]+[.!?\u3002\uff01\uff1f\n]*")


class Recalled(NamedTuple):
    """A passage as far as it is told, its source, and how near it is to what was asked."""

    text: str
    source: str
    score: float


def room_for(limit: int, least: int) -> int:
    """How many tokens all that is recalled at a turn may have, of a model that reads `limit`."""
    return max(least, min(limit // SHARE, MOST_TOKENS))


def recalled(
    spec: CharacterSpec,
    said: Sequence[str],
    room: int,
    embeddings: Embeds,
    *,
    within_secs: float = WITHIN_SECS,
    on: DocumentIndexes | None = None,
) -> list[Recalled]:
    """What of the character's documents answers the last thing that was said, the nearest first."""
    if not spec.documents or not said or not said[-1].strip():
        return []
    index = (on or indexes()).of(spec.documents)
    if index is None or not len(index):
        return []
    question = question_in(said[-1])
    vector = meaning_in_time(embeddings, question, within_secs)
    if vector is None:
        return []
    try:
        hits = index.search(vector, RECALLED)
    except (DatabaseError, TimeoutError):  # of PostgreSQL, where that searches: the turn goes on without
        return []
    return fitting(hits, question, room)


def fitting(hits: Sequence[Hit], question: str, room: int) -> list[Recalled]:
    """As many as there is room for, each cut to the sentences around the one that is nearest."""
    found = []
    for hit in hits:
        source = source_of(hit)
        room -= token_estimate.estimate(source) + SOURCE_TOKENS
        if room < LEAST_TOKENS:
            break
        text = excerpt(hit.passage.text, question, room)
        room -= token_estimate.estimate(text)
        if text:
            found.append(Recalled(text, source, hit.score))
    return found


def source_of(hit: Hit) -> str:
    """Where it is from: the document, and the headings it stands under."""
    document, heading, _ = hit.passage
    parts = [document] if heading in ("", document) else [document, heading]
    return ", ".join(quoted(part, SOURCE_CHARACTERS) for part in parts)


def excerpt(text: str, question: str, room: int) -> str:
    """The whole text, or the sentences around the one that shares most with the question."""
    if token_estimate.estimate(text) <= room:
        return text
    sentences = [found[0] for found in _SENTENCE.finditer(text)]
    if not sentences:
        return ""
    best = int(LexicalIndex(sentences).similarity(question).argmax())
    sizes = [token_estimate.estimate(sentence) + 1 for sentence in sentences]
    if sizes[best] > room:  # one endless sentence
        return sentences[best][: int(len(sentences[best]) * room / sizes[best])].strip()
    first = last = best
    left = room - sizes[best]
    while True:
        if last + 1 < len(sentences) and sizes[last + 1] <= left:
            last += 1
            left -= sizes[last]
        elif first and sizes[first - 1] <= left:
            first -= 1
            left -= sizes[first]
        else:
            return "".join(sentences[first : last + 1]).strip()


def told(passages: Sequence[Recalled]) -> list[str]:
    """As a model reads them: quotations with their source, unable to pose as instructions."""
    return [f"{quoted(one.text, QUOTE_CHARACTERS)} (from {one.source})" for one in passages]
