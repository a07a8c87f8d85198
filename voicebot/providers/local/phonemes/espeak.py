"""Pronunciation of other languages in Kokoro's alphabet, by the espeak-ng that comes with Piper (GPL)."""

from functools import cache

from piper.phonemize_espeak import EspeakPhonemizer

from voicebot.providers.local.phonemes.ipa import INLINE, Phonemes

# espeak's name of an accent, where it is another.
NAMES = {"es-ES": "es", "fr-FR": "fr", "hi-IN": "hi", "it-IT": "it", "pt-BR": "pt-br"}
# ruff: noqa: RUF001  (IPA)
# Two signs of espeak for one sound, and Kokoro's one, as misaki's `EspeakG2P` has them.
KOKOROS = (
    ("aɪ", "I"), ("aʊ", "W"), ("dz", "ʣ"), ("dʒ", "ʤ"), ("eɪ", "A"), ("oʊ", "O"), ("əʊ", "Q"),
    ("ts", "ʦ"), ("tʃ", "ʧ"), ("ɔɪ", "Y"), ("-", ""),
)  # fmt: skip


@cache
def _espeak() -> EspeakPhonemizer:
    return EspeakPhonemizer()


def pronounced(text: str, accent: str) -> list[Phonemes]:
    """The sentences of a text: their words, each with its phonemes."""
    plain = INLINE.sub(lambda found: found["word"], text)
    sentences = ["".join(signs).split() for signs in _espeak().phonemize(NAMES[accent], plain)]
    # Spoken in the order of what was written; where they are not as many, nobody knows which is which.
    written = plain.split()
    told = written if len(written) == sum(map(len, sentences)) else []
    words = iter(told)
    return [
        [(next(words, ""), _kokoros(word) + " ") for word in sentence] for sentence in sentences if sentence
    ]


def _kokoros(phonemes: str) -> str:
    for usual, theirs in KOKOROS:
        phonemes = phonemes.replace(usual, theirs)
    return phonemes
