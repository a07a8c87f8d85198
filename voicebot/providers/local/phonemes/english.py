"""English pronunciation: words to phonemes in Kokoro's alphabet, by the text side of hibari (no espeak)."""

import re
from functools import cache

from hibari import Hibari
from hibari.g2p import G2P

from voicebot.providers.local.packed_lookup import PackedLookup
from voicebot.providers.local.phonemes.ipa import INLINE, Phonemes, alphabet_of_kokoro

LONGEST = 400  # phonemes that a model sees at once, see `hibari.tts.MAX_PHONEMES`


@cache
def _g2p(british: bool) -> G2P:
    found = G2P(british=british)
    for words in (found.lexicon.golds, found.lexicon.silvers):
        words.d = PackedLookup(words.d)
    found.tagger.weights = PackedLookup(found.tagger.weights)
    return found


def pronounced(text: str, accent: str) -> list[Phonemes]:
    """The sentences of a text: their words, each with its phonemes."""
    return [
        part
        for sentence in Hibari.split_sentences(text)
        for part in _short(_words(sentence, accent == "en-GB"))
        if part
    ]


def _words(sentence: str, british: bool) -> Phonemes:
    g2p = _g2p(british)
    words: Phonemes = []
    for token in g2p.phonemize_tokens(g2p.tokenize(INLINE.sub(_kokoros, sentence))):
        word, phonemes = token.text, (token.phonemes or "") + (" " if token.whitespace else "")
        if words and not words[-1][1].endswith(" "):  # "friend" and its full stop are one word
            before, began = words.pop()
            word, phonemes = before + word, began + phonemes
        words.append((word, phonemes))
    return words


def _kokoros(found: re.Match[str]) -> str:
    return f"[{found['word']}](/{alphabet_of_kokoro(found['ipa'])}/)"


def _short(words: Phonemes) -> list[Phonemes]:
    """A sentence in parts that a model can take; cut between words."""
    parts: list[Phonemes] = [[]]
    length = 0
    for word, phonemes in words:
        length += len(phonemes)
        if length > LONGEST and parts[-1]:
            parts.append([])
            length = len(phonemes)
        parts[-1].append((word, phonemes))
    return parts
