"""Reply check: what a small model must not say, noticed in its stream before any of it is spoken.

A sentence that it has said before, a name that is not its own, a step out of the role, the visitor's part,
another script. Text is let through by the clause, which is what the voice gets anyway: nothing waits for the
check but a clause that may still become a sentence that was said before.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

LEAST_LETTERS = 12  # of a sentence that counts as said before; “Yes, of course.” may come again
FEW_IDEOGRAPHS = 3  # in a language of letters: a name, a greeting
FEW_LETTERS = 8  # of a beginning that is held back because one that was said begins so
OUT_OF_ROLE = re.compile(
    r"\bas an? (?:ai|a\.i\.|artificial|language model|digital assistant|virtual assistant)\b"
    r"|\b(?:ai|language) (?:language )?(?:model|assistant)\b|\bvirtual assistant\b"
    r"|\bopenai\b|\bhugging ?face\b|\bsmollm"
    r"|\bhow (?:can|may) i (?:assist|help) you(?: today)?\b"
    r"|\bi (?:can't|cannot|can not) (?:assist|help) (?:you )?with\b"
    r"|\bi'm sorry,? but i (?:can't|cannot|am not able|'m not able)|\bi don't have personal\b"
    r"|\u4f5c\u4e3a(?:\u4e00\u4e2a)?(?:AI|\u4eba\u5de5\u667a\u80fd|\u8bed\u8a00\u6a21\u578b)",
    re.IGNORECASE,
)
NAMED = re.compile(
    r"\b(?:I'm|I am|[Mm]y name is|[Mm]y name's|[Cc]all me|[Tt]his is)\s+((?:[A-Z][\w'-]+\s?){1,3})"
)
REFUSES = re.compile(r"^\s*i'm sorry,?$", re.IGNORECASE)  # or is sorry: the next words tell
VISITORS_PART = re.compile(r"^\s*(?:user|visitor|human|you|customer|guest)\s*:", re.IGNORECASE)
BREAK = re.compile(r"[,;:\u2014.!?\u2026](?=\s)|[\uff0c\u3002\uff01\uff1f\uff1b]")
SENTENCE = re.compile(r"[^.!?\u3002\uff01\uff1f]+[.!?\u3002\uff01\uff1f]*")
LATIN, HAN = re.compile(r"[A-Za-z]"), re.compile(r"[\u3400-\u9fff]")
LETTERS = re.compile(r"[\W_]+")
TITLES = frozenset(["Captain", "Inspector", "Doctor", "Professor", "Sir", "Lady", "Mr", "Mrs", "Ms", "Dr"])


class Fault(Enum):
    """What is wrong with a reply."""

    REPEATED = "said before"
    NAME = "another's name"
    ROLE = "out of the role"
    PART = "the visitor's part"
    SCRIPT = "another script"


def letters(text: str) -> str:
    return LETTERS.sub("", text).casefold()


def sentences(texts: Iterable[str]) -> Iterator[str]:
    """The letters of all sentences that are long enough to be known again."""
    for text in texts:
        for found in SENTENCE.finditer(text):
            if len(plain := letters(found[0])) >= LEAST_LETTERS:
                yield plain


class ReplyCheck:
    """Checks the replies of one turn. `said` are the character's earlier turns, `names` what it is called."""

    def __init__(self, said: Sequence[str], names: Sequence[str], language: str):
        self._said = frozenset(sentences(said))
        self._own = {word.casefold() for name in names for word in name.split()}
        self._latin = not language.startswith(("zh", "ja", "ko"))
        self.begin()

    def begin(self) -> None:
        """A reply begins, the first or another try."""
        self._whole = ""
        self._passed = 0  # characters that were let through

    @property
    def begun(self) -> bool:
        """Whether any of this try was let through."""
        return self._passed > 0

    def feed(self, text: str) -> tuple[str, Fault | None]:
        """What may be spoken now, and what is wrong with what comes after it, if anything is."""
        self._whole += text
        ends = [found.end() for found in BREAK.finditer(self._whole) if found.end() > self._passed]
        for end in reversed(ends):  # the most that may go
            if fault := self._fault(end):
                return "", fault
            if not REFUSES.match(self._whole[:end]) and not self._may_be_repeated(end):
                return self._pass(end), None
        return "", None

    def finish(self) -> tuple[str, Fault | None]:
        """The same for the rest, when the reply is over."""
        fault = self._fault(len(self._whole))
        return ("", fault) if fault else (self._pass(len(self._whole)), None)

    def _pass(self, end: int) -> str:
        passed, self._passed = self._whole[self._passed : end], end
        return passed

    def _fault(self, end: int) -> Fault | None:
        text = self._whole[:end]
        if VISITORS_PART.match(text):
            return Fault.PART
        if OUT_OF_ROLE.search(text):
            return Fault.ROLE
        if any(not self._is_own(found[1]) for found in NAMED.finditer(text)):
            return Fault.NAME
        if self._in_another_script(text):
            return Fault.SCRIPT
        return Fault.REPEATED if any(one in self._said for one in sentences([text])) else None

    def _is_own(self, name: str) -> bool:
        words = [word.strip("'-") for word in name.split() if word not in TITLES]
        return not words or any(word.casefold() in self._own for word in words)

    def _in_another_script(self, text: str) -> bool:
        latin, han = len(LATIN.findall(text)), len(HAN.findall(text))
        return han > latin + FEW_IDEOGRAPHS if self._latin else latin > 4 * han + LEAST_LETTERS

    def _may_be_repeated(self, end: int) -> bool:
        """Whether the sentence that is not over at `end` has begun as one that was said before."""
        begun = letters(SENTENCE.findall(self._whole[:end])[-1]) if self._whole[:end].strip() else ""
        return len(begun) >= FEW_LETTERS and any(one.startswith(begun) for one in self._said)
