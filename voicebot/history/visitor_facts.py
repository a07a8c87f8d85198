"""Visitor facts: what visitors have said of themselves, found by rules in their own sentences.

English and Chinese. What is found are a visitor's words: they are kept sealed, and quoted where a model
reads. The newest of a kind holds.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from characters.text import quoted
from sessions_app.memories import Finding, is_about
from voicebot.memories import corrected_name, forget_request

FACTS = "facts"  # of the metadata
MOST_CHARACTERS = 60  # of one fact
MARKS = r"[.,;!?\u3002\uff0c\uff1b\uff01\uff1f]"
END = rf"(?={MARKS}|\s+(?:and|but|so|because|by the way)\b|$)"
NAME = r"[^\W\d_][\w'-]{0,30}(?:\s(?-i:[A-Z])[\w'-]{0,30})?"
SOME = rf"([^.,;!?]{{2,{MOST_CHARACTERS}}}?){END}"
SAID = rf"([^\s]{{1,14}}?)(?={MARKS}|$)"
FEELS = (
    r"i(?:'m| am| feel|'ve been| have been)\s+(?:(?:so|very|really|a bit|feeling|quite|just|pretty)\s+){0,2}"
)
MOODS = (
    "sad|happy|tired|exhausted|lonely|alone|angry|mad|furious|worried|anxious|nervous|scared|afraid|bored|"
    "excited|stressed|depressed|ill|sick|unhappy|down|miserable|heartbroken|homesick|proud|in love"
)
MOODS_ZH = "难过|伤心|开心|高兴|不开心|累|孤独|寂寞|生气|担心|焦虑|紧张|害怕|无聊|烦|沮丧|兴奋|失望|想家"
RELATIVES = "wife|husband|son|daughter|sister|brother|mother|father|dog|cat"
ANY_CASE = (
    ("name", rf"\b(?:my name is|my name's|call me|i am called|i'm called|i go by)\s+({NAME})"),
    ("home", rf"\bi(?:'m| am| come) from\s+{SOME}"),
    ("home", rf"\bi live in\s+{SOME}"),
    ("work", rf"\bi work (?:as|in|at|for)\s+{SOME}"),
    ("mood", rf"\b{FEELS}({MOODS})\b"),
    ("wish", rf"\bi (?:want to|would like to|hope to|wish to|dream of)\s+{SOME}"),
    ("wish", rf"\bi'd (?:like|love) to\s+{SOME}"),
    ("likes", rf"\bi (?:really )?(?:love|like|enjoy)\s+(?!(?:you|to|it|that|this)\b){SOME}"),
    ("family", rf"\b(my (?:{RELATIVES})(?: is called|'s name is| is named)\s+{NAME})"),
)
AS_WRITTEN = (
    ("name", rf"\b(?:I'm|I am|[Tt]his is)\s+([A-Z][a-z'-]{{1,20}})\b{END}"),
    ("name", rf"我(?:的名字(?:是|叫)|叫|名叫)([\u3400-\u9fffA-Za-z]{{1,8}}?)(?={MARKS}|$)"),
    ("name", rf"(?:喊我|叫我)([\u3400-\u9fffA-Za-z]{{1,8}}?)(?:就好|就行|吧)?了?(?={MARKS}|$)"),
    ("home", rf"我(?:来自|住在|家在){SAID}"),
    ("mood", rf"我(?:今天|现在|最近)?(?:真的|很|好|有点|非常|太|特别)?({MOODS_ZH})"),
    ("wish", rf"我(?:希望|想要|打算|梦想是){SAID}"),
    ("likes", rf"我喜欢(?!你){SAID}"),
)
RULES = [
    *((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in ANY_CASE),
    *((kind, re.compile(pattern)) for kind, pattern in AS_WRITTEN),
]
# What looks like a name after “I'm” and is none; “我叫什么” asks.
_NO_NAMES = (
    "not just so very really here back fine good well okay ok sorry sure glad afraid sad happy "
    "tired lonely angry bored a an the in on at from going looking trying feeling thinking english "
    "german god french american british chinese done ready new old young alone home still also only "
    "always never now what "
)
NO_NAMES = frozenset(_NO_NAMES.split())
ASKS = re.compile("什么|啥|谁|哪|多少|几岁|怎么")  # of a value: it was a question
LABELS = {
    "name": "their name is",
    "home": "home:",
    "work": "work:",
    "family": "family:",
    "mood": "how they feel:",
    "wish": "they wish to",
    "likes": "they like",
}
FACT_KINDS = tuple(LABELS)
# What visitors call it who wish to have it forgotten.
LABELS_ZH = {
    "name": "名字",
    "home": "家 住处",
    "work": "工作",
    "family": "家人",
    "mood": "心情",
    "wish": "愿望",
    "likes": "爱好",
}


def facts_in(words: str) -> dict[str, str]:
    """What one speech says of its speaker, by kind."""
    found: dict[str, str] = {}
    words = words[-1000:].replace("\u2019", "'")
    for kind, rule in RULES:
        for match in rule.finditer(words):
            value = " ".join(match[1].split())[:MOST_CHARACTERS].strip(" '\"")
            if ASKS.search(value):
                continue
            if kind == "name":
                if not value or value.split(" ")[0].lower() in NO_NAMES:
                    continue
                value = value[:1].upper() + value[1:]
            found[kind] = value
    return found


def kept_facts(value: Any) -> dict[str, str]:
    """The facts in what was kept, if it is that: clients write metadata, too."""
    if not isinstance(value, Mapping):
        return {}
    return {
        kind: value[kind][:MOST_CHARACTERS]
        for kind in LABELS
        if isinstance(value.get(kind), str) and value[kind].strip()
    }


def gathered(facts: Mapping[str, str], speeches: Iterable[str]) -> dict[str, str]:
    """The facts, with those of these speeches, oldest first, and without what one of them asks to forget."""
    found = dict(facts)
    for words in speeches:
        named = forget_request(words)
        if named is None:
            found |= facts_in(words)
            if name := corrected_name(words, found.get("name", "")):
                found["name"] = name
        else:
            found = {
                kind: value for kind, value in found.items() if named and not _is_about(kind, value, named)
            }
    return found


def _is_about(kind: str, value: str, named: str) -> bool:
    finding = Finding(f"{value} {LABELS.get(kind, '')} {LABELS_ZH.get(kind, '')}", kind, kind)
    return is_about(finding, named)


def told_facts(facts: Mapping[str, str]) -> list[str]:
    """The facts as notes for a model; values are a visitor's words, in quotes."""
    return [f"{LABELS[kind]} {quoted(facts[kind], MOST_CHARACTERS)}" for kind in LABELS if facts.get(kind)]
