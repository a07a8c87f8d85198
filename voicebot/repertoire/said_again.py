"""Said again: an answer with a few words before it, each sentence written as it is where they end.

Whether a first word is somebody's name is read off the writer's own text: what stands there in small letters
is no name. Where that is not known, words are put before it that are a sentence of their own.
"""

import re
from collections.abc import Iterable, Sequence

from voicebot.repertoire.house_words import again_of

WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
AMID = re.compile(r"(?<=[\w,;] )[^\W\d_]+(?:['\u2019][^\W\d_]+)*")  # words that begin no sentence
ALWAYS = re.compile(r"I(?:['\u2019]\w+)?")  # a capital wherever it stands
# In small letters after a comma in any text, whether or not it stands so in this one.
SMALL = (
    "a an the this that these those it it's its that's there there's here he he's she she's we we're we've "
    "they they're you you're you've your my our his her their and but or so if when while where what who how "
    "why no not yes oh well ah never always only once in on at of for from with by to as"
)
PLAIN = frozenset(SMALL.split())


class CommonWords:
    """The words of a writer's text that are nobody's name."""

    def __init__(self, texts: Iterable[str]):
        amid = {word for text in texts for word in AMID.findall(text.replace("\u2019", "'"))}
        self._common = PLAIN | {word for word in amid if word.islower()} - {
            word.lower() for word in amid if not word.islower()
        }

    def __contains__(self, word: str) -> bool:
        return word.replace("\u2019", "'").lower() in self._common


def leads_for(answer: str, language: str, common: CommonWords, *, named_first: bool) -> Sequence[str]:
    """The words that may stand before an answer; `named_first` is one that begins with somebody's name."""
    leads = again_of(language)
    first = WORD.match(answer)
    runs_on = not first or ALWAYS.fullmatch(first[0]) or not first[0][0].isupper()
    if runs_on or (first and first[0] in common and not named_first):
        return leads
    return [lead for lead in leads if not lead.endswith(", ")] or leads


def after(lead: str, answer: str) -> str:
    """An answer behind words that may stand before it."""
    first = WORD.match(answer)
    if lead.endswith(", ") and first and not ALWAYS.fullmatch(first[0]):
        answer = answer[0].lower() + answer[1:]
    return lead + answer
