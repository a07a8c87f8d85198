"""English pronunciation: words to phonemes in Kokoro's alphabet, by the text side of hibari (no espeak)."""

from functools import cache

from hibari import Hibari
from hibari.g2p import G2P
from hibari.g2p.normalize import normalize

from voicebot.providers.local.packed_lookup import PackedLookup
from voicebot.providers.local.voices.timing import Phonemes

# An inline pronunciation, which the text side reads: [word](/phonemes/).
LONGEST = 400  # phonemes that a model sees at once, see `hibari.tts.MAX_PHONEMES`


@cache
def _g2p(british: bool) -> G2P:
    found = G2P(british=british)
    for words in (found.lexicon.golds, found.lexicon.silvers):
        words.d = PackedLookup(words.d)
    found.tagger.weights = PackedLookup(found.tagger.weights)
    return found


def pronounced(text: str, british: bool = False) -> list[Phonemes]:
    """The sentences of a text: their words as they are spoken, each with its phonemes."""
    return [
        part
        for sentence in Hibari.split_sentences(text)
        for part in _short(_words(normalize(sentence), british))
        if part
    ]


def _words(sentence: str, british: bool) -> Phonemes:
    g2p = _g2p(british)
    words: Phonemes = []
    glued = False  # whether the word before goes on: "friend" and its full stop are one
    for token in g2p.phonemize_tokens(g2p.tokenize(sentence)):
        word, phonemes = token.text, token.phonemes or ""
        if glued:
            word, phonemes = words[-1][0] + word, words.pop()[1] + phonemes
        words.append((word, phonemes))
        glued = not token.whitespace
    return words


def _short(words: Phonemes) -> list[Phonemes]:
    """A sentence in parts that a model can take; cut between words, after a clause if there is one."""
    parts: list[Phonemes] = [[]]
    length = 0
    for word, phonemes in words:
        length += len(phonemes) + 1
        if length > LONGEST and parts[-1]:
            parts.append([])
            length = len(phonemes) + 1
        parts[-1].append((word, phonemes))
    return parts
