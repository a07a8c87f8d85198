"""Mandarin pronunciation in Kokoro's alphabet: words by jieba, pinyin by pypinyin, phonemes by misaki."""

import re
from functools import cache

import jieba
from misaki.zh import ZHG2P
from pypinyin import Style, lazy_pinyin

from voicebot.providers.local.phonemes import english
from voicebot.providers.local.phonemes.ipa import INLINE, Phonemes

HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
RUN = re.compile(rf"{HAN}+|[A-Za-z][A-Za-z'’ -]*|[^A-Za-z\u3400-\u4dbf\u4e00-\u9fff]+")  # noqa: RUF001
SENTENCE_END = re.compile(r"(?<=[。！？!?…])")  # noqa: RUF001
DROPPED = chr(815)  # a sign that misaki leaves and Kokoro has never seen


def load() -> None:
    """The words of the language, 70 MB. Takes most of a second at first."""
    jieba.setLogLevel("ERROR")
    jieba.initialize()


def unload() -> None:
    """Lets go of them until they are needed."""
    jieba.dt.FREQ, jieba.dt.total, jieba.dt.initialized = {}, 0, False


def pronounced(text: str, _accent: str) -> list[Phonemes]:
    """The sentences of a text: their characters, each with its phonemes; English words among them as such."""
    jieba.setLogLevel("ERROR")
    return [found for part in SENTENCE_END.split(text) if (found := _marked(part))]


def _marked(text: str) -> Phonemes:
    """A sentence in which words may have their pinyin: [重庆](/chong2 qing4/)."""
    words: Phonemes = []
    at = 0
    for inline in INLINE.finditer(text):
        _add(words, text[at : inline.start()])
        syllables = inline["ipa"].split()
        if len(syllables) == len(inline["word"]):
            words += _with_space(inline["word"], syllables)
        else:
            _add(words, inline["word"])
        at = inline.end()
    _add(words, text[at:])
    return words


def _add(words: Phonemes, text: str) -> None:
    for run in RUN.findall(text):
        if re.match(HAN, run):
            words += [one for word in jieba.lcut(run) for one in _word(word)]
        elif run[0].isalpha() and run[0].isascii():
            for sentence in english.pronounced(run, "en-US"):
                words += [*sentence[:-1], (sentence[-1][0], sentence[-1][1].rstrip() + " ")]
        elif words:  # a comma belongs to what was before it
            word, phonemes = words.pop()
            words.append((word + run.strip(), phonemes.rstrip() + ZHG2P.map_punctuation(run) + " "))


@cache
def _syllable(pinyin: str) -> str:
    return str(ZHG2P.py2ipa(pinyin)).replace(DROPPED, "")


def _word(word: str) -> Phonemes:
    """The characters of a word; there is a space behind the last one alone."""
    return _with_space(word, lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True))


def _with_space(word: str, syllables: list[str]) -> Phonemes:
    found = [(character, _syllable(syllable)) for character, syllable in zip(word, syllables, strict=False)]
    return [*found[:-1], (found[-1][0], found[-1][1] + " ")]
