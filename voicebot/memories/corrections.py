"""Corrections: “No, it's Robyn”, “not Robin but Robyn” give another name in the place of one."""

import re
from difflib import SequenceMatcher

TURN_CHARACTERS = 120  # of what may be a correction
ALIKE = 0.6  # of the letters of two names, of which one was misheard for the other
_NO = r"(?:no|nope|nah|not quite|almost|actually|sorry|wait|well|i said|i mean|wrong)"
_NAME = r"(?P<name>[^\W\d_][\w'-]{1,30})"
_OLD = r"(?P<old>[^\W\d_][\w'-]{1,30})"
_IS = r"(?:it's|it is|i'm|i am|my name is|my name's|the name is|i said|call me|that's|it's spelled|spelled)"
_END = r"(?:[,.! ]+(?:please|actually|though|with an? .{1,20}))?[.!]*"
ENGLISH = tuple(
    re.compile(rule, re.IGNORECASE)
    for rule in (
        rf"(?:{_NO}[,.! ]+)+(?:{_IS} )?(?:{_NAME})(?:[, ]+not {_OLD})?{_END}",
        rf"(?:{_NO}[,.! ]+)*{_IS} {_NAME}[, ]+(?:and )?not {_OLD}{_END}",
        rf"(?:{_NO}[,.! ]+)*(?:{_IS} )?not {_OLD}[,;. ]+(?:but |{_IS} )?{_NAME}{_END}",
        rf"{_NAME}[, ]+not {_OLD}{_END}",
    )
)
_HAN = r"[\u3400-\u9fffA-Za-z]{1,8}?"
_STOP = r"[\u3002\uff01.!]*"
_COMMA = r"[\uff0c,\u3002 ]"
CHINESE = tuple(
    re.compile(rule)
    for rule in (
        rf"(?:不对?{_COMMA})?我?不[是叫](?P<old>{_HAN}){_COMMA}*我?(?:而是|[是叫])(?P<name>{_HAN}){_STOP}",
        rf"(?:不对|不是|错了|不)[的了]?{_COMMA}+我?(?:的名字是|[是叫])(?P<name>{_HAN}){_STOP}",
    )
)
_NO_NAMES = (
    "not it its that this what nothing fine good okay ok sorry thanks thank you well now then here there me"
)
NO_NAMES = frozenset(_NO_NAMES.split())


def corrected_name(words: str, name: str) -> str | None:
    """The name that is given in the place of `name`, None where none is.

    Of a bare “No, it's …” only one that sounds like it: a day or a thing may be corrected as well.
    """
    said = " ".join(words.replace("\u2019", "'").split())
    if not name or len(said) > TURN_CHARACTERS:
        return None
    for rule in (*ENGLISH, *CHINESE):
        found = rule.fullmatch(said)
        if not found:
            continue
        new, old = found["name"], found.groupdict().get("old") or ""
        if new.casefold() in NO_NAMES or new.casefold() == name.casefold():
            continue
        meant = old.casefold() in name.casefold().split() if old.isascii() and old else old == name
        if meant or (not old and _alike(new, name)):
            return new[:1].upper() + new[1:]
    return None


def _alike(one: str, other: str) -> bool:
    share = SequenceMatcher(None, one.casefold(), other.split(maxsplit=1)[0].casefold()).ratio()
    return share >= ALIKE or (not one.isascii() and one[0] == other[0])
