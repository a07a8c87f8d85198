"""Episodes: what the two talked about, in a sentence, and what the visitor asked about, how often."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sessions_app.memories import ASKED, MEMORY_CHARACTERS, Finding, plain_words
from voicebot.memories.rules import TURN_CHARACTERS, about, findings_of, is_sensitive, written

LEAST_TURNS = 3  # of the visitor's: less is no conversation to come back to
THINGS = 3
THING_CHARACTERS = 60
# ruff: noqa: RUF001
_IDEOGRAPHS = re.compile("[\u3400-\u9fff]")
_BEGINS = re.compile(
    r"^(?:(?:and|so|well|ok|okay|please|hello|hi|hey|ahoy|(?:can|could|would) you|tell (?:me|us)|"
    r"what (?:is|are|was|were|about)|who (?:is|are|was)|where (?:is|are)|do you (?:know|like|remember|have)|"
    r"have you(?: ever)?|how (?:is|are|do|did)|about|a story|of)\b[\s,]*)+",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:^|[,.!?]\s*)(?:(?:and|so|well|ok|okay|please|then)\b[\s,]*)*"
    r"(?:(?:can|could|would|will) you (?:please )?)?"
    r"(?:tell (?:me|us)(?: more| again| a story| something)? (?:about|of)|"
    r"what(?:'s| is| are| was| were| about)|"
    r"what do you know (?:about|of)|who(?:'s| is| are| was)|do you know(?: about)?|"
    r"have you (?:ever )?(?:seen|met|heard of|been to)) (?P<thing>[^.,!?;]{2,60})",
    re.IGNORECASE,
)
_ASKS_ZH = re.compile(
    r"(?:讲讲|说说|聊聊|谈谈|讲一讲|说一说|介绍一下|讲一下|说一下)(?:关于)?(?P<tell>[^，。！？；,.!?\s]{2,20}?)"
    r"(?:的(?:故事|事情|事))?(?:吧|吗|好吗)?(?=[，。！？；,.!?\s]|$)"
    r"|(?:^|[，。！？])(?:那)?(?P<what>[^，。！？；,.!?\s你我]{2,12}?)(?:是什么|是谁|是怎么回事)"
)
_ARTICLES = re.compile(r"^(?:the|an?|this|that|these|those|your|some|any)\s+", re.IGNORECASE)
_TRAILS = re.compile(r"\s+(?:again|now|then|please|like|called|doing|for me|once more)$", re.IGNORECASE)
_NO_TOPICS = re.compile(
    r"(?:it|that|this|there|here|you|me|he|she|they|them|up|new|more|my|our|going|wrong|if|how|why|when|where|"
    r"what|who|the (?:time|matter|weather|date)|your name|something|anything|happening)\b",
    re.IGNORECASE,
)
TOPIC_WORDS = 5
MOST_TOPICS = 3  # of one conversation


def topics_of(said: Sequence[str], today: date, *, sensitive: bool = False) -> list[Finding]:
    """What the visitor asked about, and how often: what was asked most, and longest ago, first."""
    times: Counter[str] = Counter()
    words: dict[str, str] = {}
    for text in said:
        for thing in _asked_about(text[:TURN_CHARACTERS]):
            plain = plain_words(_ARTICLES.sub("", thing))
            if plain and (sensitive or not is_sensitive(thing)):
                times[plain] += 1
                words.setdefault(plain, thing)
    return [
        Finding(
            f"问起过{words[plain]}" if _IDEOGRAPHS.search(words[plain]) else f"asked about {words[plain]}",
            "episode",
            ASKED + plain,
            0.7,
            value=words[plain],
            times=count,
        )
        for plain, count in times.most_common(MOST_TOPICS)
    ]


def _asked_about(text: str) -> list[str]:
    if _IDEOGRAPHS.search(text):
        return [found["tell"] or found["what"] for found in _ASKS_ZH.finditer(text)]
    things = []
    for found in _ASKS.finditer(text.replace("’", "'")):  # as phones write it
        thing = " ".join(_TRAILS.sub("", found["thing"].strip()).split())
        if not _NO_TOPICS.match(thing) and len(thing.split()) <= TOPIC_WORDS:
            things.append(about(thing))
    return things


def episode_of(said: Sequence[str], summary: str, today: date, *, sensitive: bool = False) -> Finding | None:
    """What the two talked about, by the summary where there is one; None for next to nothing."""
    chinese = bool(_IDEOGRAPHS.search(" ".join(said)))
    if summary and (sensitive or not is_sensitive(summary)):
        gist = " ".join(summary.split())
    elif len(said) < LEAST_TURNS:
        return None
    else:
        gist = ("；" if chinese else "; ").join(_things(said, today, sensitive=sensitive))
    if not gist:
        return None
    day = written(today, chinese=chinese)
    text = f"{day}聊过：{gist}" if chinese else f"talked on {day} of: {gist}"
    return Finding(text[:MEMORY_CHARACTERS], "episode", "episode", 0.6)


def left_of(
    said: Sequence[str], summary: str, session: str, today: date, *, sensitive: bool = False
) -> list[Finding]:
    """What of a conversation is remembered when it ends: that there was one, and what was asked about."""
    episode = episode_of(said, summary, today, sensitive=sensitive)
    kept = [replace(episode, subject=f"episode:{session}")] if episode else []
    return kept + topics_of(said, today, sensitive=sensitive)


def _things(said: Sequence[str], today: date, *, sensitive: bool) -> list[str]:
    """What was spoken of: the longest of what says nothing of the visitor, which is remembered anyway."""
    found: dict[str, int] = {}
    for text in said:
        thing = about(_BEGINS.sub("", text.strip(" ?!.。？！")))[:THING_CHARACTERS]
        if len(thing) > 2 and not findings_of(text, today) and (sensitive or not is_sensitive(text)):
            found[thing] = found.get(thing, 0) + len(thing)
    longest = sorted(found, key=lambda thing: -found[thing])[:THINGS]
    return [thing for thing in found if thing in longest]
