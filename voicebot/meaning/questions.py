"""Questions: which part of what is said is read for its meaning, the same for whoever looks for something."""

import re
from concurrent.futures import Future
from typing import Any, Protocol

LONG_CHARACTERS = 80  # of what is said, in which a question at the end is looked for by itself
_SENTENCE = re.compile(r"[^.!?\u3002\uff01\uff1f]+[.!?\u3002\uff01\uff1f]*")


class Embeds(Protocol):
    """What is used of `SentenceEmbeddings` to look for something."""

    def of_question(self, text: str) -> Future[Any]: ...


def meaning_in_time(engine: Embeds, question: str, within_secs: float) -> Any | None:
    """The vector of a question; None where it comes too late or there is no engine. Blocks so long.

    What nobody got in time is given up: the next question is not to wait behind it.
    """
    asked = engine.of_question(question)
    try:
        return asked.result(within_secs)
    except Exception:
        asked.cancel()
        return None


def readings(words: str) -> list[str]:
    """What to look for: all that was said, and of a longer speech the last question, or sentence, too."""
    sentences = [found[0].strip() for found in _SENTENCE.finditer(words)]
    if len(words) <= LONG_CHARACTERS or len(sentences) < 2:
        return [words]
    asked = [sentence for sentence in sentences if sentence.endswith(("?", "\uff1f"))]
    return [words, (asked or sentences)[-1]]


def question_in(words: str) -> str:
    """What of it is looked for where there is time for one reading: its end, if it is long."""
    return readings(words.strip())[-1][-LONG_CHARACTERS:]
