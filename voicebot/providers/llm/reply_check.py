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
    r"\bas an? (?:\w+ ){0,2}(?:ai|a\.i\.|artificial|language|digital|virtual|assistant|aid|model|chatbot)\b"
    r"|\b(?:ai|language) (?:language )?(?:model|assistant)\b|\bvirtual assistant\b|\bmy assistance\b"
    r"|\bopenai\b|\bhugging ?face\b|\bsmollm|\bfictional\b|\brole-?play"
    r"|\b(?:how|what) (?:can|may) i (?:assist|help|do for) you(?: with)?(?: today)?\b"
    r"|\bi (?:can't|cannot|can not) (?:assist|help) (?:you )?with\b|\bhappy to (?:help|assist)\b"
    r"|\bi'm sorry,? but i (?:can't|cannot|am not able|'m not able)|\bi don't have personal\b"
    r"|\bsorry for (?:the|any) (?:confusion|misunderstanding|inconvenience)\b|\bi apologi[sz]e\b"
    r"|\byour (?:sentence|prompt|query|message|statement|essay)\b|\bcomma splice\b|\bgrammatical"
    r"|\banswer to (?:your|this|the) question\b|\bthis conversation\b|\bthe (?:visitor|user)(?:'s)?\b"
    r"|\bsaid of themselves\b|\bno instructions\b|\blet me know if\b|\bfeel free to\b"
    r"|\bi(?:'m| am) (?:not )?(?:just )?an? (?:real )?(?:human|person|robot|machine|program|computer)\b"
    r"|作为(?:一个)?(?:AI|人工智能|语言模型)",
    re.IGNORECASE,
)
_CALLED = r"[\"\u201c'\u2018]?((?:[A-Z][\w'-]+\s?){1,3})"
NAMED = re.compile(
    rf"\b(?:I'm|I am|[Mm]y name is|[Mm]y name's|[Cc]all me|[Tt]his is)\s+(?:called\s+)?{_CALLED}"
)
YOU_NAMED = re.compile(
    rf"\b[Yy]our (?:first |real )?name(?:'s| is| was)(?: indeed| still)?\s+{_CALLED}"
    rf"|\b[Yy]ou(?:'re| are) (?:called|named)\s+{_CALLED}"
    rf"|\b(?:[Hh]ello|[Hh]i|[Hh]ey|[Aa]hoy|[Ww]elcome|[Tt]hanks|[Tt]hank you|[Dd]ear),? {_CALLED}(?=[,.!?])"
)
ASKS_NAME = re.compile(
    r"\bwhat(?:'s| is| was) your name\b|\bmay i (?:have|know|ask) your name\b|\bwho are you\b"
    r"|\b(?:do(?:n't| not)|never) (?:know|have|remember|recall) (?:your|a) name\b|\bforgotten your name\b"
    r"|\bwhat (?:should|shall|do|may|can) i call you\b",
    re.IGNORECASE,
)
REFUSES = re.compile(r"^\s*i'm sorry,?$", re.IGNORECASE)  # or is sorry: the next words tell
VISITORS_PART = re.compile(r"^\s*(?:user|visitor|human|you|customer|guest)\s*:", re.IGNORECASE)
BREAK = re.compile(r"[,;:\u2014.!?\u2026](?=\s)|[\uff0c\u3002\uff01\uff1f\uff1b]")
SENTENCE = re.compile(r"[^.!?\u3002\uff01\uff1f]+[.!?\u3002\uff01\uff1f]*")
LATIN, HAN = re.compile(r"[A-Za-z]"), re.compile(r"[\u3400-\u9fff]")
LETTERS = re.compile(r"[\W_]+")
TITLES = frozenset(
    ["Captain", "Inspector", "Doctor", "Professor", "Sir", "Lady", "Mr", "Mrs", "Ms", "Dr", "Of", "The"]
)
_ADDRESSED = "back aboard home friend stranger sir madam god heaven goodness mate all everyone there you"
ADDRESSED = frozenset(_ADDRESSED.split())
SPOKEN_ASIDE = re.compile(r"\([^()]*\)\s*|[\"\u201c\u201d]|\*[^*]*\*\s*")
INTRODUCES = r"(?:I'm|I am|name is|name's|[Cc]all(?:ed)? me|[Cc]alled|[Tt]his is|[Ii]t's|[Ii]t is|just|old)"
WHOLE = re.compile(r"[.!?\u2026\u3002\uff01\uff1f]\s*$")
LOOKED_BACK = 200  # characters before what is new, in which a fault may begin
OVERLAP_WORDS = 7  # in a row that were said before: the same sentence in other clothes
MOST_SENTENCES = 2  # of a small model's own: its third has lost the thread
WORDS = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


class Fault(Enum):
    """What is wrong with a reply."""

    REPEATED = "said before"
    NAME = "another's name"
    ROLE = "out of the role"
    PART = "the visitor's part"
    ASIDE = "speaks of itself as of somebody else"
    SCRIPT = "another script"


def letters(text: str) -> str:
    return LETTERS.sub("", text).casefold()


def sentences(texts: Iterable[str]) -> Iterator[str]:
    """The letters of all sentences that are long enough to be known again."""
    for text in texts:
        for found in SENTENCE.finditer(text):
            if len(plain := letters(found[0])) >= LEAST_LETTERS:
                yield plain


def runs(texts: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """All runs of so many words as are nobody's by chance."""
    for text in texts:
        words = [word.casefold() for word in WORDS.findall(text)]
        yield from zip(*(words[at:] for at in range(OVERLAP_WORDS)), strict=False)


class ReplyCheck:
    """Checks the replies of one turn.

    `said` are the character's earlier turns, `names` what it is called, `heard` what the visitor has just
    said, `visitor` their name if it is known.
    """

    def __init__(
        self,
        said: Sequence[str],
        names: Sequence[str],
        language: str,
        *,
        heard: str = "",
        visitor: str = "",
    ):
        self._said = frozenset(sentences([*said, heard]))
        self._runs = frozenset(runs(said))
        self._own = {word.casefold() for name in names for word in name.split()}
        self._visitor = {word.casefold() for word in visitor.split()}
        called = "|".join(re.escape(name) for name in names if name)
        intro = (
            r"(?:I'm|I am|name is|name's|[Cc]all(?:ed)? me|[Cc]alled|[Tt]his is|[Ii]t's|[Ii]t is|just|old)\s+"
        )
        self._introduced = re.compile(rf"\b{intro}(?:{called})") if called else None
        self._named = re.compile(rf"\b(?:{called})\b") if called else None
        self._label = re.compile(rf"^\W*(?:{called})(?:\s+says)?\s*:\s*") if called else None
        self._latin = not language.startswith(("zh", "ja", "ko"))
        self.begin()

    def begin(self) -> None:
        """A reply begins, the first or another try."""
        self._whole = ""
        self._passed = 0  # characters that were let through
        self._begun = ""  # what of them is spoken

    @property
    def begun(self) -> bool:
        """Whether any of this try was let through."""
        return bool(self._begun.strip())

    @property
    def is_whole(self) -> bool:
        """Whether what was let through ends as a sentence does."""
        return WHOLE.search(self._begun) is not None

    @property
    def is_enough(self) -> bool:
        """Whether it is as long as a small model's own words may be."""
        return self.is_whole and len(SENTENCE.findall(self._begun.strip())) >= MOST_SENTENCES

    def feed(self, text: str) -> tuple[str, Fault | None]:
        """What may be spoken now, and what is wrong with what comes after it, if anything is."""
        self._whole += text
        if not self._passed and self._label and (label := self._label.match(self._whole)):
            self._whole = self._whole[label.end() :]
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
        """Without stage directions and quotes: nobody speaks them."""
        passed, self._passed = SPOKEN_ASIDE.sub("", self._whole[self._passed : end]), end
        self._begun += passed
        return passed

    def _fault(self, end: int) -> Fault | None:
        if VISITORS_PART.match(self._whole[:end]):
            return Fault.PART
        text = self._whole[max(0, self._passed - LOOKED_BACK) : end]
        if OUT_OF_ROLE.search(text):
            return Fault.ROLE
        if any(not self._is_own(found[1]) for found in NAMED.finditer(text)) or self._misnames_visitor(text):
            return Fault.NAME
        if self._introduced and self._named and self._named.search(self._introduced.sub("", text)):
            return Fault.ASIDE
        if self._in_another_script(text):
            return Fault.SCRIPT
        return Fault.REPEATED if self._is_repeated(text, end) else None

    def _is_repeated(self, text: str, end: int) -> bool:
        own = list(sentences([self._whole[:end]]))
        return (
            len(set(own)) < len(own)
            or any(one in self._said for one in own)
            or any(run in self._runs for run in runs([text]))
        )

    def _is_own(self, name: str) -> bool:
        words = [word.strip("'-") for word in name.split() if word not in TITLES]
        return not words or any(word.casefold() in self._own for word in words)

    def _misnames_visitor(self, text: str) -> bool:
        """Whether a name is given to the visitor that is not theirs, or theirs is asked for again."""
        if self._visitor and ASKS_NAME.search(text):
            return True
        for found in YOU_NAMED.finditer(text):
            name = next(filter(None, found.groups()))
            words = {word.strip("'-").casefold() for word in name.split() if word not in TITLES} - ADDRESSED
            if words and not words & (self._visitor | self._own):
                return True
        return False

    def _in_another_script(self, text: str) -> bool:
        latin, han = len(LATIN.findall(text)), len(HAN.findall(text))
        return han > latin + FEW_IDEOGRAPHS if self._latin else latin > 4 * han + LEAST_LETTERS

    def _may_be_repeated(self, end: int) -> bool:
        """Whether the sentence that is not over at `end` has begun as one that was said before."""
        begun = letters(SENTENCE.findall(self._whole[:end])[-1]) if self._whole[:end].strip() else ""
        return len(begun) >= FEW_LETTERS and any(one.startswith(begun) for one in self._said)
