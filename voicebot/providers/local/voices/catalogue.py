"""The voices of this machine: which there are, and which one speaks for a character.

Nothing is loaded here, so that the desk can list voices whose parts are missing.
"""

from collections.abc import Callable
from dataclasses import dataclass

WOMAN, MAN = "f", "m"


@dataclass(frozen=True)
class Voice:
    """`gain_db` makes it as loud as the others, see `benchmarks/voices.py`."""

    name: str
    engine: str
    language: str
    sex: str
    gain_db: float = 0.0
    accent: str = ""  # of a language that is spoken in several


# Kokoro's voices by the first letter of their names.
ACCENTS = {
    "a": ("en", "en-US"),
    "b": ("en", "en-GB"),
    "e": ("es", "es-ES"),
    "f": ("fr", "fr-FR"),
    "h": ("hi", "hi-IN"),
    "i": ("it", "it-IT"),
    "j": ("ja", "ja-JP"),
    "p": ("pt", "pt-BR"),
    "z": ("zh", "zh-CN"),
}
# Each with the gain that makes it as loud as the others, in dB.
KOKORO_GAIN_DB = {
    f"{kind}_{name}": float(gain)
    for kind, names in (
        ("af", "heart 2.6, alloy 1.0, aoede -1.8, bella 1.8, jessica 2.3"),
        ("af", "kore -1.1, nicole 1.4, nova 6.6, river 1.4, sarah 0.6, sky 4.3"),
        ("am", "michael 3.4, adam -1.5, echo 2.0, eric 1.4"),
        ("am", "fenrir -0.4, liam 1.5, onyx 2.8, puck -1.2, santa 2.2"),
        ("bf", "emma -0.1, alice 0.8, isabella -2.7, lily 1.3"),
        ("bm", "george 1.7, daniel 1.5, fable 1.0, lewis 3.4"),
        ("ef", "dora 3.3"),
        ("em", "alex 2.9, santa 2.4"),
        ("ff", "siwis -1.5"),
        ("hf", "alpha -4.1, beta -2.9"),
        ("hm", "omega -4.0, psi -2.2"),
        ("if", "sara -6.3"),
        ("im", "nicola -0.6"),
        ("jf", "alpha -0.5, gongitsune -0.3, nezumi 0.5, tebukuro -0.1"),
        ("jm", "kumo -0.6"),
        ("pf", "dora 3.4"),
        ("pm", "alex 3.0, santa 2.8"),
        ("zf", "xiaoxiao -3.5, xiaobei 0.5, xiaoni -1.5, xiaoyi -1.0"),
        ("zm", "yunjian 0.6, yunxi 1.7, yunxia 0.3, yunyang 3.1"),
    )
    for name, gain in (voice.split() for voice in names.split(", "))
}
KOKORO = tuple(KOKORO_GAIN_DB)


def _kokoro(name: str) -> Voice:
    language, accent = ACCENTS[name[0]]
    return Voice(name, "kokoro", language, name[1], KOKORO_GAIN_DB[name], accent)


# The first that speaks a language is the one of characters that choose none.
VOICES: dict[str, Voice] = {
    voice.name: voice
    for voice in (
        Voice("heart", "hibari", "en", WOMAN, 6.0, "en-US"),
        Voice("joe", "piper", "en", MAN, 4.8, "en-US"),
        *map(_kokoro, KOKORO),
    )
}
# What a voice of a language says, to be heard before it is chosen.
SAMPLES = {
    "en": "Good evening. The lamps are lit, the door is open, and I have all the time in the world for you.",
    "zh": "晚上好。灯已经点亮，门也开着，今晚我有的是时间陪你。",  # noqa: RUF001
    "es": "Buenas noches. Las luces están encendidas, la puerta está abierta y tengo todo el tiempo para ti.",
    "fr": "Bonsoir. Les lampes sont allumées, la porte est ouverte, et j'ai tout mon temps pour vous.",
    "hi": "नमस्ते। दीये जल रहे हैं, दरवाज़ा खुला है, और मेरे पास आपके लिए बहुत समय है।",
    "it": "Buonasera. Le luci sono accese, la porta è aperta e ho tutto il tempo per te.",
    "ja": "こんばんは。明かりはついています。ドアも開いています。今夜はゆっくり話しましょう。",
    "pt": "Boa noite. As luzes estão acesas, a porta está aberta e tenho todo o tempo para você.",
}
# A pitch that lends a voice of one sex to the other, in semitones: from 190 Hz to 125, and from 125 to 190.
LENT_SEMITONES = {WOMAN: -7.0, MAN: 7.0}


@dataclass(frozen=True)
class Cast:
    """Who speaks for a character: to its pitch `lent_semitones` are added if the voice is not of its sex."""

    voice: Voice
    lent_semitones: float = 0.0


def languages(can_speak: Callable[[Voice], bool]) -> tuple[str, ...]:
    """The languages that somebody here can speak."""
    return tuple(dict.fromkeys(voice.language for voice in VOICES.values() if can_speak(voice)))


def cast(name: str, language: str, can_speak: Callable[[Voice], bool]) -> Cast | None:
    """The voice for a wish, of those that can speak; None if none can.

    That of the name if it speaks the language; else one of that language and of the same sex; else one of
    that language; else one of the same sex. Of several, the first of the catalogue.
    """
    wanted = VOICES.get(name)

    def misfit(voice: Voice) -> tuple[bool, bool, bool]:
        return (
            voice.language != language,
            wanted is not None and voice.sex != wanted.sex,
            wanted is not None and voice is not wanted,
        )

    there = [voice for voice in VOICES.values() if can_speak(voice)]
    if not there:
        return None
    found = min(there, key=misfit)
    other_sex = wanted is not None and found.sex != wanted.sex
    return Cast(found, LENT_SEMITONES[found.sex] if other_sex else 0.0)


def known_elsewhere(name: str, speaks_kokoro: bool) -> str:
    """A character's voice for a service elsewhere, '' (its usual one) for those that only this machine has.

    Kokoro's voices have the same names wherever Kokoro runs.
    """
    ours = VOICES.get(name)
    return "" if ours and not (speaks_kokoro and ours.engine == "kokoro") else name
