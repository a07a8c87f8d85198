"""Visemes: which shape a mouth has while a phoneme sounds, timed in the sound.

The fifteen that avatars know (Oculus LipSync, "Viseme Reference"): sil, PP, FF, TH, DD, kk, CH, SS, nn, RR,
aa, E, I, O, U. Phonemes are those of espeak-ng, of Kokoro and of misaki, which is IPA with capitals for
diphthongs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipecat.frames.frames import DataFrame

SILENT = "sil"
# ruff: noqa: RUF001
_SOUNDS = {
    SILENT: ';:,.!?—…"()“”',  # a pause: the lips close
    "PP": "pbm",
    "FF": "fvʋɱ",
    "TH": "θð",
    "DD": "tdʈɖ",
    "kk": "kɡgŋxɣχhɦħʔqɟçʝɴ",
    "CH": "ʧʤʃʒɕʨʥʂʐꭧ",
    "SS": "szʦʣ",
    "nn": "nlɲɳʎɫ",
    "RR": "ɹɻɚɝɜrɾʁɽ",
    "aa": "aɑɐʌæ",
    "E": "eɛəᵊɤø",
    "I": "iɪɨjᵻɯɥ",
    "O": "oɔɒœ",
    "U": "uʊwyʉβɸ",
}
_VISEMES = {sound: viseme for viseme, sounds in _SOUNDS.items() for sound in sounds}
_DIPHTHONGS = {"A": "EI", "I": ("aa", "I"), "O": "OU", "Q": "OU", "W": ("aa", "U"), "Y": "OI"}

Timed = tuple[str, float]  # a viseme and when it begins


@dataclass
class VisemesFrame(DataFrame):
    """Downstream, before a piece of sound: its visemes, each with the second at which it begins in it."""

    visemes: Sequence[Timed] = ()
    ahead_secs: float = 0.0  # of other sound that is played before the piece, once the frame is sent


def visemes(phonemes: Iterable[tuple[str, float]]) -> list[Timed]:
    """The visemes of phonemes, which come with when they begin; the same one twice running is one.

    What has no shape of its own (stress, length, tone, a space between words) leaves the mouth as it is.
    """
    found: list[Timed] = []
    sounds = list(phonemes)
    for number, (phoneme, begin) in enumerate(sounds):
        shapes: Sequence[str] = _DIPHTHONGS.get(phoneme) or [_VISEMES.get(phoneme[:1], "")]
        end = sounds[number + 1][1] if number + 1 < len(sounds) else begin
        for place, shape in enumerate(shapes):
            if shape and (not found or found[-1][0] != shape):
                found.append((shape, begin + (end - begin) * place / len(shapes)))
    return found
