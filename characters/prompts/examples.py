"""Example exchanges: who says what in the examples of a card, however their speakers are written.

Cards name speakers by macro, by tag, by their names, in bold, with colons of any width; a text without
speakers is how the character talks. What cannot be told apart is the character's, so that no line is dropped.

Many of them are a repertoire. In a block that <START> begins, lines of the visitor in a row are wordings of
one question, lines of the character in a row are answers to it, and what comes after are follow-ups. A block
whose only line of the visitor is a star has what is said when nothing fits. Without any <START>, every
exchange stands on its own.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from characters.field_limits import EXAMPLES_CHARACTERS
from characters.prompts.parts import Count, Message
from characters.spec import CharacterSpec
from characters.text import as_plain_words, token_estimate

START = re.compile(r"\s*(?:<START>|\{\{\s*START\s*\}\}|<\|start\|>|\[START\])\s*", re.IGNORECASE)
NAME = r"[^\s:：*_\[\]<>{}\"“”][^:：*\[\]<>{}\"“”\n]{0,39}?"  # noqa: RUF001
LABEL = re.compile(
    r"[ \t]{0,8}[-*_>\[(“\"「【#]{0,4}\s{0,8}"
    rf"(?P<who>\{{\{{[^{{}}]{{1,40}}\}}\}}|<[A-Za-z]{{1,20}}>|{NAME})"
    r"\s{0,8}[*_\])」】\"]{0,4}\s{0,8}[:：﹕]\s{0,8}[*_]{0,3}"  # noqa: RUF001
)
USERS = frozenset(
    [
        *("user", "you", "visitor", "human", "me", "anon", "anonymous", "player", "guest", "stranger"),
        *("你", "您", "用户", "用戶", "玩家", "あなた", "ユーザー", "당신", "유저", "사용자"),
        *("du", "sie", "benutzer", "tú", "usted", "usuario", "tu", "vous", "toi", "utilisateur", "lei"),
        *("utente", "jij", "gebruiker", "ty", "użytkownik", "você", "usuário", "sen", "siz"),
        "kullanıcı",  # noqa: RUF001
        *("ты", "вы", "пользователь", "ти", "ви", "користувач"),
    ]
)
CHARACTERS = frozenset(["char", "character", "bot", "assistant", "ai", "model"])
NO_SPEAKERS = frozenset(
    [
        *(
            "note",
            "notes",
            "ooc",
            "scene",
            "setting",
            "context",
            "example",
            "examples",
            "thoughts",
            "thought",
        ),
        *("action", "actions", "narrator", "system", "time", "location", "warning", "summary"),
        *("旁白", "系统"),
    ]
)
SAYS = tuple("说說道问問曰言")  # what ends “he said:”
NAME_WORDS = 3  # of somebody else's name at most: more are a sentence with a colon in it
CACHED = 64  # examples taken apart, of so many characters
# So many exchanges at most are all in the prompt; of a repertoire the first few, which show the tone.
ALL_EXAMPLES, FIRST_EXAMPLES = 24, 3
STAR = re.compile(r"^\s*[^\s*].*[:\ufe55\uff1a]\s*\*\s*$")  # a label of a star, and none in italics
ANYTHING = "*"  # the visitor's line of what is said when nothing fits


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a visitor may say, in several wordings, and what the character answers, in several ways.

    `follows` is the number of the exchange that began the block: this one is a follow-up, for right after an
    answer of that block. None: at any time.
    Without questions it is how the character talks; without answers it is nothing that can be said.
    """

    questions: tuple[str, ...]
    answers: tuple[str, ...]
    follows: int | None = None


@dataclass(frozen=True, slots=True)
class Repertoire:
    """A character's written exchanges, by number, and what it says when none of them fits."""

    exchanges: tuple[Exchange, ...] = ()
    fallbacks: tuple[str, ...] = ()


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().strip("{}<> \t").split())


def _is_name(label: str) -> bool:
    """Whether a label that nobody knows looks like somebody's name: each word begins as names do."""
    words = unicodedata.normalize("NFKC", label).strip("{}<> ").split()
    return (
        0 < len(words) <= NAME_WORDS
        and not any(word[0].islower() for word in words if "{" not in label)
        and not label.endswith(SAYS)
        and _plain(label) not in NO_SPEAKERS
    )


class _Speakers:
    """Who is meant by a name at the beginning of a line."""

    def __init__(self, name: str, nickname: str, lines: Sequence[str]):
        names = {_plain(name), _plain(nickname)} - {""}
        parts = {part for own in names for part in own.split() if len(part) > 2}
        self._own = names | CHARACTERS | (parts - USERS)
        labels = [match["who"] for line in lines if (match := LABEL.match(line))]
        # Somebody else speaks to the character where the character is named as well.
        named = any(_plain(label) in self._own for label in labels)
        self._others = {_plain(label) for label in labels if _is_name(label)} if named else set()

    def role(self, line: str) -> tuple[str, int]:
        """Whose line it is, '' if it says nobody's, and where the words begin."""
        match = LABEL.match(line)
        if not match:
            return "", 0
        name = _plain(match["who"])
        if name in self._own:
            return "assistant", match.end()
        return ("user", match.end()) if name in USERS or name in self._others else ("", 0)


class _Read(NamedTuple):
    """Examples taken apart: the lines of each block, each with the role of who says it."""

    blocks: list[list[tuple[str, list[str]]]]
    started: bool  # blocks are divided by <START>
    unnamed: int  # blocks that begin with words of nobody, which are taken for the character's


@lru_cache(maxsize=CACHED)
def _read(examples: str, name: str, nickname: str) -> _Read:
    lines = examples[:EXAMPLES_CHARACTERS].splitlines()
    speakers = _Speakers(name, nickname, lines)
    blocks: list[list[tuple[str, list[str]]]] = [[]]
    unnamed, started = 0, False
    for line in lines:
        if start := START.match(line):
            started = True
            blocks.append([])
            line = line[start.end() :]  # noqa: PLW2901
        role, at = speakers.role(line)
        words = line[at:].strip()
        if role == "user" and not words and STAR.search(line):
            words = ANYTHING
        if role == "user" and not started and blocks[-1] and blocks[-1][-1][0] != "user":
            blocks.append([])
        if role:
            blocks[-1].append((role, [words] if words else []))
        elif words and blocks[-1]:
            blocks[-1][-1][1].append(words)
        elif words:
            blocks[-1].append(("assistant", [words]))
            unnamed += 1
    spoken = ([(role, said) for role, said in block if said] for block in blocks)
    return _Read([block for block in spoken if block], started, unnamed)


def _exchanges(block: Sequence[tuple[str, Sequence[str]]]) -> Iterator[tuple[list[str], list[str]]]:
    """The questions and answers of a block: lines of one role in a row are wordings of the same."""
    asked: list[str] = []
    said: list[str] = []
    for role, lines in block:
        words = " ".join(lines)
        if role == "user" and said:
            yield asked, said
            asked, said = [], []
        (asked if role == "user" else said).append(words)
    yield asked, said


@lru_cache(maxsize=CACHED)
def _repertoire(examples: str, name: str, nickname: str) -> Repertoire:
    exchanges: list[Exchange] = []
    fallbacks: list[str] = []
    for block in _read(examples, name, nickname).blocks:
        first: int | None = None
        for asked, said in _exchanges(block):
            if asked == [ANYTHING]:
                fallbacks += said
                continue
            exchanges.append(Exchange(tuple(asked), tuple(said), first))
            first = len(exchanges) - 1 if first is None else first
    return Repertoire(tuple(exchanges), tuple(dict.fromkeys(fallbacks)))


def repertoire_of(spec: CharacterSpec) -> Repertoire:
    """The example exchanges of a character, not filled in yet."""
    return _repertoire(spec.examples, spec.name, spec.nickname)


def unnamed_exchanges(spec: CharacterSpec) -> int:
    """How many exchanges of the examples name no speaker, and are taken for the character's own words."""
    return _read(spec.examples, spec.name, spec.nickname).unnamed


def standing_examples(repertoire: Repertoire) -> range:
    """The exchanges that are in every prompt, by number: all of a few, the first of many."""
    many = len(repertoire.exchanges)
    return range(many if many <= ALL_EXAMPLES else FIRST_EXAMPLES)


def has_more_examples(spec: CharacterSpec) -> bool:
    """Whether there are exchanges that do not stand in every prompt."""
    repertoire = repertoire_of(spec)
    return len(standing_examples(repertoire)) < len(repertoire.exchanges)


def fitting_examples(
    spec: CharacterSpec, fill: Callable[[str], str], count: Count, room: int
) -> tuple[list[Message], int, int]:
    """The standing examples that fit into `room` tokens, their size, and how many are left out."""
    repertoire = repertoire_of(spec)
    standing = standing_examples(repertoire)
    messages: list[Message] = []
    size = 0
    for number in standing:
        shown = as_messages(repertoire.exchanges[number], fill)
        more = sum(count(message["content"]) + token_estimate.MESSAGE_TOKENS for message in shown)
        if size + more > room:
            return messages, size, len(standing) - number
        messages += shown
        size += more
    return messages, size, 0


def hint_of(spec: CharacterSpec, fitting: Sequence[int], fill: Callable[[str], str]) -> str:
    """Exchanges that fit the turn, told to a model beside it; '' if they stand in the prompt anyway."""
    repertoire = repertoire_of(spec)
    standing = standing_examples(repertoire)
    told = []
    for number in fitting:
        if number in standing or not 0 <= number < len(repertoire.exchanges):
            continue
        asked, said = repertoire.exchanges[number].questions[:1], repertoire.exchanges[number].answers[:1]
        question, answer = (as_plain_words(fill(words)) for words in (*asked, *said))
        told.append(f"Asked “{question}”, {spec.spoken_name} says: “{answer}”")
    return "\n".join(told)


def as_messages(exchange: Exchange, fill: Callable[[str], str]) -> list[Message]:
    """An exchange as a model reads it: its first question and its first answer."""
    said = [("user", exchange.questions[:1]), ("assistant", exchange.answers[:1])]
    filled = [(role, as_plain_words(fill(words))) for role, lines in said for words in lines]
    return [{"role": role, "content": words} for role, words in filled if words]
