"""Pronunciation dictionary: how a voice says what is written otherwise.

A line an entry: `Siobhan = shi-VAWN`, `Nguyen = /nwin/` in IPA, `zh: 重庆 = 崇庆` for one language alone.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

LINE = re.compile(r"(?:(?P<language>[a-z]{2})\s*:\s*)?(?P<word>[^=/\[\]()]+?)\s*=\s*(?P<said>[^=\[\]()]+)")
IPA = re.compile(r"/[^/]+/")
MOST_ENTRIES = 200


@dataclass(frozen=True)
class Pronunciation:
    """How a word is said: `said` is a respelling or /IPA/, `language` '' for every one."""

    word: str
    said: str
    language: str = ""

    @property
    def ipa(self) -> str:
        """In IPA, without its slashes; '' for a respelling."""
        return self.said[1:-1].strip() if IPA.fullmatch(self.said) else ""


@lru_cache(maxsize=256)
def pronunciations(text: str) -> tuple[Pronunciation, ...]:
    """The entries of a dictionary. Lines that say nothing are passed over, see `unreadable`."""
    found = (_entry(line) for line in text.splitlines())
    return tuple(entry for entry in found if entry)[:MOST_ENTRIES]


def unreadable(text: str) -> str:
    """The first line that is no entry, '' if all are."""
    return next((line for line in text.splitlines() if line.strip() and not _entry(line)), "")


def _entry(line: str) -> Pronunciation | None:
    found = LINE.fullmatch(line.strip())
    if not found or ("/" in found["said"] and not IPA.fullmatch(found["said"].strip())):
        return None
    return Pronunciation(found["word"].strip(), found["said"].strip(), found["language"] or "")
