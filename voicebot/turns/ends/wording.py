"""Wording: whether the words until a pause go on, by their grammar, in English and in Mandarin.

What a speaker says before a pause of hesitation ends, more often than not, in a function word that opens what
is still to come (Clark and Wasow 1998, Repeating words in spontaneous speech). Recognisers put a full stop
behind anything, so marks count for less than words.
"""

import re
from enum import StrEnum

LANGUAGES = frozenset(("en", "zh"))  # whose words are known here
# Nothing ends with these: articles, possessives, conjunctions, and what opens a clause.
OPENING = """
    a|an|the|my|your|our|their|its|every|and|or|but|because|if|than|whether|although|unless|while|until|very|
    quite|um|uh|er|erm|hmm|i'm|we're|they're|i've|i'd|i'll|you're|let's|who's|what's|gonna|wanna|especially|such
"""
# Turns end with these now and then ("where are you from?", "I would like to"), mostly in questions.
LEANING = """
    to|of|for|with|from|at|by|in|on|about|into|between|after|before|when|where|how|who|that|which|what|was|were|
    is|are|am|be|been|have|has|had|would|could|should|will|can|do|does|did|any|some|his|her|this|these|those|
    really|probably|just|also|so|like|as|i|he|she|we|they|don't|didn't|not|most|more|used|well|then|maybe
"""
# A word that asks, before a preposition at the end: "what are you waiting for".
ASKS = re.compile(r"\b(?:who|what|where|which|how|why|whose|whom)\b")
ANSWERS = re.compile(
    r"(?:yes|no|yeah|well|so)? ?(?:i|you|he|she|it|we|they|that) (?:do|did|does|am|is|are|was|were|"
    r"can|could|will|would|have|has|had|should)(?: not)?"
)  # "Yes, I do."
CHINESE_OPENING = """
    的|和|跟|与|或者|或|还有|因为|所以|但是|可是|不过|如果|虽然|而且|然后|就是|比如|对于|关于|除了|为了|把|被|给|从|
    在|向|对|比|我想|我觉得|我要|我的|这个|那个|一个|嗯|呃|正在|打算|希望|应该|怎么|为什么|你能不能|有没有|
    已经|叫
"""
CHINESE_WHOLE = frozenset(("好的", "是的", "对的", "真的", "没有的", "不是的"))
CHINESE_ASKING = frozenset("吗呢吧啊呀")
WORD, HAN, MARK = (
    re.compile(r"[a-z']+"),
    re.compile(r"[\u3400-\u9fff]+"),
    re.compile(r"[.!?\u3002\uff1f\uff01\u2026,\uff0c\u3001-]+\s*$"),
)


class Wording(StrEnum):
    """How words stand at a pause."""

    OPEN = "open"  # they go on
    LEANING = "leaning"  # they go on, or are a question
    PLAIN = "plain"


def _known(words: str) -> frozenset[str]:
    return frozenset(filter(None, map(str.strip, words.split("|"))))


_OPENING, _LEANING, _CHINESE = _known(OPENING), _known(LEANING), tuple(_known(CHINESE_OPENING))


def trails_off(text: str) -> bool:
    """Whether the recogniser heard that more was to come: a comma, dots, a dash or no mark at all."""
    mark = MARK.search(text)
    return (
        mark is None
        or mark[0].strip() in (",", "\uff0c", "\u3001", "-", "--")
        or "…" in mark[0]
        or ".." in mark[0]
    )


def wording(text: str) -> Wording:
    """How the words of a turn so far stand."""
    plain = text.casefold().replace("\u2019", "'").strip()
    if HAN.search(plain):
        return _chinese(plain)
    words = WORD.findall(plain)
    if not words:
        return Wording.PLAIN
    last = words[-1]
    if last in _OPENING:
        return Wording.OPEN
    if last not in _LEANING:
        return Wording.PLAIN
    if ANSWERS.fullmatch(" ".join(words)):
        return Wording.PLAIN
    if ASKS.search(" ".join(words[:-1])) and plain.endswith("?"):
        return Wording.PLAIN
    return Wording.LEANING


def _chinese(plain: str) -> Wording:
    said = MARK.sub("", plain)
    if said in CHINESE_WHOLE or said[-1:] in CHINESE_ASKING:
        return Wording.PLAIN
    opens = said.endswith(_CHINESE)
    if opens and said.endswith("的") and MARK.search(plain) and not trails_off(plain):
        return Wording.LEANING  # 这是我的。
    return Wording.OPEN if opens else Wording.PLAIN
