"""Inline pronunciation: `[word](/ipa/)` in a text that goes to an engine, and IPA in Kokoro's alphabet."""

import re

from pipecat.utils.text.phonemes import normalize_ipa

# Spoken words, and how each is pronounced, with a space at its end where one is behind it.
Phonemes = list[tuple[str, str]]
INLINE = re.compile(r"\[(?P<word>[^\]\[]+)\]\(/(?P<ipa>[^/()]+)/\)")
# ruff: noqa: RUF001  (IPA)
# Kokoro's alphabet (that of misaki) writes diphthongs and affricates as one sign each, and no length.
# https://github.com/hexgrad/misaki/blob/main/EN_PHONES.md
AMERICAN = (
    ("eɪ", "A"), ("aɪ", "I"), ("aʊ", "W"), ("ɔɪ", "Y"), ("oʊ", "O"), ("əʊ", "O"),
    ("tʃ", "ʧ"), ("dʒ", "ʤ"), ("ɝ", "ɜɹ"), ("ɚ", "əɹ"), ("ɐ", "ə"), ("r", "ɹ"), ("ɫ", "l"), ("ɾ", "T"),
    ("ː", ""),
)  # fmt: skip


def alphabet_of_kokoro(ipa: str) -> str:
    """English IPA as Kokoro and hibari read it."""
    phonemes = normalize_ipa(ipa)
    for usual, theirs in AMERICAN:
        phonemes = phonemes.replace(usual, theirs)
    return phonemes
