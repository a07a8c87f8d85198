"""Rules for what holds for this conversation and is not remembered: moods, wishes, relatives' names.

What a visitor is called and where they live is found by the rules that memories have.
"""

import re
from collections.abc import Iterator

from sessions_app.memories import Finding
from voicebot.memories.rules.chinese import ASKS
from voicebot.memories.rules.names import NO_NAMES

MOST_CHARACTERS = 60  # of one value
KINDS = frozenset(("mood", "wish", "kin", "introduced"))  # of findings that memories do not keep
_MARKS = r"[.,;!?\u3002\uff0c\uff1b\uff01\uff1f]"
_END = rf"(?={_MARKS}|\s+(?:and|but|so|because|by the way)\b|$)"
_NAME = r"[^\W\d_][\w'-]{0,30}(?:\s(?-i:[A-Z])[\w'-]{0,30})?"
_SOME = rf"([^.,;!?]{{2,{MOST_CHARACTERS}}}?){_END}"
_SAID = rf"([^\s]{{1,14}}?)(?={_MARKS}|$)"
_FEELS = (
    r"i(?:'m| am| feel|'ve been| have been)\s+(?:(?:so|very|really|a bit|feeling|quite|just|pretty)\s+){0,2}"
)
_MOODS = (
    "sad|happy|tired|exhausted|lonely|alone|angry|mad|furious|worried|anxious|nervous|scared|afraid|bored|"
    "excited|stressed|depressed|ill|sick|unhappy|down|miserable|heartbroken|homesick|proud|in love"
)
_MOODS_ZH = "难过|伤心|开心|高兴|不开心|累|孤独|寂寞|生气|担心|焦虑|紧张|害怕|无聊|烦|沮丧|兴奋|失望|想家"
_RELATIVES = "wife|husband|son|daughter|sister|brother|mother|father"
_ANY_CASE = (
    ("mood", rf"\b{_FEELS}({_MOODS})\b"),
    ("wish", rf"\bi (?:want to|would like to|hope to|wish to|dream of)\s+{_SOME}"),
    ("wish", rf"\bi'd (?:like|love) to\s+{_SOME}"),
    ("kin", rf"\b(my (?:{_RELATIVES})(?: is called|'s name is| is named)\s+{_NAME})"),
)
_AS_WRITTEN = (
    # Anywhere in a sentence, with a capital: good enough to be called so until the visitor leaves.
    ("introduced", rf"\b(?:I'm|I am|[Tt]his is)\s+([A-Z][a-z'-]{{1,20}})\b{_END}"),
    ("mood", rf"我(?:今天|现在|最近)?(?:真的|很|好|有点|非常|太|特别)?({_MOODS_ZH})"),
    ("wish", rf"我(?:希望|想要|打算|梦想是){_SAID}"),
)
_RULES = [
    *((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _ANY_CASE),
    *((kind, re.compile(pattern)) for kind, pattern in _AS_WRITTEN),
]


def passing_in(text: str) -> Iterator[Finding]:
    """What a turn says of how its speaker feels, what they wish, who is near to them."""
    for kind, rule in _RULES:
        for match in rule.finditer(text):
            value = " ".join(match[1].split())[:MOST_CHARACTERS].strip(" '\"")
            asks = kind == "wish" and ASKS.search(value)
            if not asks and (kind != "introduced" or value.lower() not in NO_NAMES):
                yield Finding(value, kind, kind, value=value)
