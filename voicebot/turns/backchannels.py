"""Back-channels: what a listener says to show that they listen, and wants no answer to.

The dialogue act `b` of the Switchboard coders' manual (Jurafsky, Shriberg and Biasca 1997), in English and in
Mandarin. Recognisers spell hums in many ways, so those are told by their letters; or take
them for words, of which they are not sure.
"""

import re

ENGLISH = """
    ah|aha|alright|cool|exactly|fine|good|great|hm|huh|mhm|mm|ok|okay|oh|right|sure|true|uh|uhhuh|um|wow|yeah|yep|
    yes|yup|all right|i see|oh i see|got it|of course|go on|ha ha|uh huh|um hum
"""
MANDARIN = """
    嗯|恩|嗯哼|哦|噢|喔|啊|哎|唉|对|对啊|对呀|好|好的|好吧|好啊|是|是的|是啊|没错|行|明白|懂了|知道了|当然|这样啊|
    原来如此
"""


def _known(words: str) -> frozenset[str]:
    return frozenset(filter(None, map(str.strip, words.split("|"))))


KNOWN_ENGLISH, KNOWN_MANDARIN = _known(ENGLISH), _known(MANDARIN)
HUM = re.compile(r"(?:[hn]*m[hmn]*|u+h+|u+m+|a+h+|o+h+)")  # at whatever length it is written
MOST_WORDS, LONGEST_PHRASE = 4, 3  # "yeah, yeah, okay, right" is one still
MOST_CHARACTERS = 8  # of Chinese
WORD, HAN, ASKS = re.compile(r"[^\W_]+"), re.compile(r"[㐀-鿿]+"), re.compile("[?\uff1f]")
WITHIN = re.compile("['\u2019.]")  # a word: "o.k."
MOST_DOUBTED_WORDS = 3
_STOPPING = """
    but enough excuse hang hello help hey hold how listen never no nope not please quiet shut sorry stop wait
    what when where who whos why
"""
STOPPING = frozenset(_STOPPING.split())


def is_hum(text: str) -> bool:
    """Whether words that the recogniser doubts are likely none: few, and nothing that may want a stop.

    Not of Mandarin: Whisper base doubts words there that were said.
    """
    words = WORD.findall(WITHIN.sub("", text.casefold()))
    return (
        0 < len(words) <= MOST_DOUBTED_WORDS
        and STOPPING.isdisjoint(words)
        and not any(map(HAN.search, words))
    )


def is_backchannel(text: str) -> bool:
    """Whether these words show that somebody listens, and nothing else. "" is none: nothing was said."""
    words = WORD.findall(WITHIN.sub("", text.casefold()))
    if not words or ASKS.search(text):
        return False
    if all(len(word) == 1 and word.isascii() for word in words):
        words = ["".join(words)]  # "M-H-M."
    if all(map(HAN.fullmatch, words)):
        return len("".join(words)) <= MOST_CHARACTERS and all(map(_is_mandarin, words))
    return len(words) <= MOST_WORDS and _is_english(words)


def _is_english(words: list[str]) -> bool:
    """Whether words are back-channels one after another, some of two or three words."""
    return not words or any(
        _is_phrase(words[:size]) and _is_english(words[size:])
        for size in range(1, min(LONGEST_PHRASE, len(words)) + 1)
    )


def _is_phrase(words: list[str]) -> bool:
    hums = len(words) == 1 and HUM.fullmatch(words[0])
    return bool(hums) or " ".join(words) in KNOWN_ENGLISH


def _is_mandarin(word: str) -> bool:
    """Whether a word without spaces is made of back-channels alone, such as 嗯嗯 or 对对对."""
    return not word or any(
        word.startswith(known) and _is_mandarin(word[len(known) :]) for known in KNOWN_MANDARIN
    )
