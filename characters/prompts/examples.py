"""Example exchanges: who says what in the examples of a card, however their speakers are written.

Cards name speakers by macro, by tag, by their names, in bold, with colons of any width; a text without
speakers is how the character talks. What cannot be told apart is the character's, so that no line is dropped.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

from characters.field_limits import TEXT_CHARACTERS
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
Script = list[tuple[str, list[str]]]  # of one exchange: role and lines


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


@lru_cache(maxsize=CACHED)
def _scripts(examples: str, name: str, nickname: str) -> tuple[list[Script], int]:
    """The exchanges, and how many of them begin with words of nobody, which are taken for the character's."""
    lines = examples[:TEXT_CHARACTERS].splitlines()
    speakers = _Speakers(name, nickname, lines)
    exchanges: list[Script] = [[]]
    unnamed = 0
    for line in lines:
        if start := START.match(line):
            exchanges.append([])
            line = line[start.end() :]  # noqa: PLW2901
        role, at = speakers.role(line)
        words = line[at:].strip()
        if role == "user" and exchanges[-1]:
            exchanges.append([])
        if role:
            exchanges[-1].append((role, [words] if words else []))
        elif words and exchanges[-1]:
            exchanges[-1][-1][1].append(words)
        elif words:
            exchanges[-1].append(("assistant", [words]))
            unnamed += 1
    spoken = ([(role, said) for role, said in exchange if said] for exchange in exchanges)
    return [exchange for exchange in spoken if exchange], unnamed


def example_scripts(spec: CharacterSpec) -> list[Script]:
    """The example exchanges as (role, lines), not filled in yet, each begun by the visitor if one speaks.

    A line without a speaker continues the last one; at the beginning of an exchange it is the character's.
    """
    return _scripts(spec.examples, spec.name, spec.nickname)[0]


def unnamed_exchanges(spec: CharacterSpec) -> int:
    """How many exchanges of the examples name no speaker, and are taken for the character's own words."""
    return _scripts(spec.examples, spec.name, spec.nickname)[1]


def fitting_examples(
    spec: CharacterSpec, fill: Callable[[str], str], count: Count, room: int
) -> tuple[list[Message], int, int]:
    """The first example exchanges that fit into `room` tokens, their size, and how many are left out."""
    scripts = example_scripts(spec)
    messages: list[Message] = []
    size = 0
    for number, script in enumerate(scripts):
        exchange: list[Message] = []
        more = 0
        for role, lines in script:
            words = as_plain_words(fill(" ".join(lines)))
            if not words:
                continue
            exchange.append({"role": role, "content": words})
            more += count(words) + token_estimate.MESSAGE_TOKENS
            if size + more > room:
                return messages, size, len(scripts) - number
        messages += exchange
        size += more
    return messages, size, 0
