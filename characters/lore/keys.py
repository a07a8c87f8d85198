"""Keys of entries, and the text that they are looked for in."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import regex

from characters.lore import patterns
from characters.text import has_macros

REGEX_SECS = 0.005  # for one pattern
MOST_KEY = 6000  # characters: as long as all that keys are looked for in
MOST_FILLED_PATTERN = 200  # characters of a pattern that macros make anew at each turn
GRAM = 3  # letters
WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


@dataclass(frozen=True, slots=True)
class Key:
    """One key as it is looked for. `flags` are those of a pattern, None for words."""

    source: str  # the words, or the pattern
    shown: str  # as its author wrote it
    folded: str
    flags: str | None = None
    macros: bool = False  # whether it has some
    literals: tuple[str, ...] = ()  # a text must have one for the pattern to be looked for at all

    @property
    def plain(self) -> bool:
        """Whether these are words, and always the same."""
        return self.flags is None and not self.macros

    @property
    def valid(self) -> bool:
        """Whether it can be found at all. Compiles a pattern, once."""
        return self.flags is None or self.macros or patterns.compiled(self.source, self.flags) is not None


@lru_cache(maxsize=32768)
def key_of(text: str, pattern: bool, case_sensitive: bool) -> Key:
    """A key as written: /pattern/flags is always a pattern, other text if it is to be a `pattern`."""
    macros = has_macros(text)
    found = patterns.slashed(text)
    if found is None and not pattern:
        words = text.strip()
        return Key(words, text, words.casefold(), None, macros)
    source, flags = found or (text, "" if case_sensitive else "i")
    return Key(source, text, "", flags, macros, () if macros else patterns.literals_of(source))


class Searched:
    """A text that keys are looked for in, as it is and without case."""

    __slots__ = ("_grams", "_lowered", "folded", "plain")

    def __init__(self, plain: str):
        self.plain = plain
        self.folded = plain.casefold()
        self._grams: frozenset[str] | None = None
        self._lowered: str | None = None

    def prepare(self) -> None:
        """For very many keys: which groups of three letters there are. Most keys then are a look-up."""
        if self._grams is None:
            text = self.folded
            self._grams = frozenset(map("".join, zip(text, text[1:], text[2:], strict=False)))

    def may_have(self, folded: str) -> bool:
        """Whether it is worth looking for these words, without case."""
        grams = self._grams
        return grams is None or len(folded) < GRAM or (folded[:GRAM] in grams and folded[-GRAM:] in grams)

    def has(self, key: Key, *, case_sensitive: bool, whole_words: bool, ascii_words: bool) -> bool:
        """Whether these words are here; `ascii_words`: what is not A to Z ends a word, as in JavaScript."""
        if not key.folded or not self.may_have(key.folded) or key.folded not in self.folded:
            return False
        sought = key.source if case_sensitive else key.folded
        text = self.plain if case_sensitive else self.folded
        if not whole_words:
            return sought in text
        if ascii_words:
            return _has_ascii_word(text, sought)
        return _has_word(text, sought)

    def matches(self, key: Key, source: str) -> bool:
        """Whether the pattern, `source` with its macros filled in, is found here in time."""
        if key.literals and not any(self.may_have(text) and text in self.folded for text in key.literals):
            return False
        pattern = patterns.compiled(source, key.flags or "")
        try:
            return pattern is not None and pattern.search(self.plain, timeout=REGEX_SECS) is not None
        except TimeoutError:
            return False


def _has_ascii_word(text: str, sought: str) -> bool:
    """As SillyTavern: several words are text; one stands between what is not A to Z, 0 to 9 or _."""
    if len(sought.split()) > 1:
        return sought in text
    at = text.find(sought)
    while at >= 0:
        if text[at - 1 : at] not in WORD and text[at + len(sought) : at + len(sought) + 1] not in WORD:
            return True
        at = text.find(sought, at + 1)
    return False


def _has_word(text: str, sought: str) -> bool:
    """Whether the words stand alone: between two scripts there is an end, and some put none between words."""
    at = text.find(sought)
    while at >= 0:
        end = at + len(sought)
        if not _joined(text[at - 1 : at], sought[0]) and not _joined(sought[-1], text[end : end + 1]):
            return True
        at = text.find(sought, at + 1)
    return False


_LETTER = regex.compile(r"[\p{L}\p{N}\p{M}_]")
# Scripts without spaces between words, or with endings on them (Korean): a word is found within a sentence.
_UNSPACED = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\u3005\u30fc]"
)


@lru_cache(maxsize=4096)
def _joined(left: str, right: str) -> bool:
    """Whether two characters are of one word."""
    if not left or not right or not _LETTER.match(left) or not _LETTER.match(right):
        return False
    return not (_UNSPACED.match(left) or _UNSPACED.match(right))


def found(
    key: Key,
    text: Searched,
    *,
    fill: Callable[[str], str],
    fill_pattern: Callable[[str], str],
    case_sensitive: bool,
    whole_words: bool,
    ascii_words: bool,
) -> bool:
    """Whether `text` has the key, with its macros filled in; in patterns, what a visitor wrote is text."""
    if len(key.source) > MOST_KEY:
        return False
    if key.flags is not None:
        if not key.macros:
            return text.matches(key, key.source)
        source = fill_pattern(key.source)
        return len(source) <= MOST_FILLED_PATTERN and text.matches(key, source)
    options: dict[str, Any] = {"whole_words": whole_words, "ascii_words": ascii_words}
    if key.macros:
        words = fill(key.source).strip()
        key = Key(words, key.shown, words.casefold())
    return text.has(key, case_sensitive=case_sensitive, **options)
