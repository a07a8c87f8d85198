"""Rules: what a visitor's turn says of them, what it asks to forget, and whether it is a clear yes or no.

For small models, and for whatever needs no model. Pure functions, some 0.2 ms for a turn.
"""

import re
from collections.abc import Iterator
from datetime import date

from sessions_app.memories import Finding
from voicebot.memories.rules import chinese, english, passing
from voicebot.memories.rules.sensitive import is_sensitive

TURN_CHARACTERS = 2000  # of a turn that are read
MOST_FINDINGS = 8  # of one turn
ANSWER_WORDS = 8  # of what is still an answer rather than a sentence of its own
_IDEOGRAPHS = re.compile("[\u3400-\u9fff]")
_LATIN = re.compile("[A-Za-z]{2}|\\bI\\b")


def _plain(text: str) -> str:
    return text[:TURN_CHARACTERS].replace("’", "'")  # noqa: RUF001


def findings_of(text: str, today: date, *, sensitive: bool = False) -> list[Finding]:
    """What a turn says of its speaker; matters of the `sensitive` kinds only if they may be kept."""
    found: dict[str, Finding] = {}
    for finding in said_of_self(text, today):
        if finding.kind in passing.KINDS:
            continue
        if sensitive or finding.kind == "name" or not is_sensitive(f"{finding.text} {finding.subject}"):
            found.setdefault(finding.text.casefold(), finding)
    return list(found.values())[:MOST_FINDINGS]


def said_of_self(text: str, today: date) -> Iterator[Finding]:
    """All that a turn says of its speaker: what may be remembered, and what holds for this conversation.

    The one place where that is found. A turn in Chinese may have English in it.
    """
    text = _plain(text)
    if _IDEOGRAPHS.search(text):
        yield from chinese.findings_in(text, today)
    if _LATIN.search(text):
        yield from english.findings_in(text, today)
    yield from passing.passing_in(text)


def forget_request(text: str) -> str | None:
    """Words that name what is to be forgotten, '' for everything; None where nothing is."""
    text = _plain(text)
    return (chinese if _IDEOGRAPHS.search(text) else english).forgotten_in(text)


def consent_said(text: str) -> bool | None:
    """Whether a turn says by itself that its speaker may, or may not, be remembered; None if neither."""
    text = _plain(text)
    rules = chinese if _IDEOGRAPHS.search(text) else english
    if rules.REMEMBER_NOTHING.search(text):
        return False
    return True if rules.MAY_REMEMBER.search(text) else None


def clear_answer(text: str) -> bool | None:
    """Whether a turn is a clear yes or no to a question; None for anything else."""
    words = _plain(text).strip(" ,.!?…，。！？\"'")  # noqa: RUF001
    in_chinese = _IDEOGRAPHS.search(words) is not None
    rules = chinese if in_chinese else english
    if (len(words) // 2 if in_chinese else len(words.split())) > ANSWER_WORDS:
        return None
    if rules.NO.match(words):
        return False
    return True if rules.YES.match(words) else None
