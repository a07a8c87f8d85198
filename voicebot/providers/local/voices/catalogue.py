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
KOKORO = tuple(
    f"{kind}_{name}"
    for kind, names in (
        ("af", "heart alloy aoede bella jessica kore nicole nova river sarah sky"),
        ("am", "michael adam echo eric fenrir liam onyx puck santa"),
        ("bf", "emma alice isabella lily"),
        ("bm", "george daniel fable lewis"),
        ("ef", "dora"),
        ("em", "alex santa"),
        ("ff", "siwis"),
        ("hf", "alpha beta"),
        ("hm", "omega psi"),
        ("if", "sara"),
        ("im", "nicola"),
        ("jf", "alpha gongitsune nezumi tebukuro"),
        ("jm", "kumo"),
        ("pf", "dora"),
        ("pm", "alex santa"),
        ("zf", "xiaoxiao xiaobei xiaoni xiaoyi"),
        ("zm", "yunjian yunxi yunxia yunyang"),
    )
    for name in names.split()
)


def _kokoro(name: str) -> Voice:
    language, accent = ACCENTS[name[0]]
    return Voice(name, "kokoro", language, name[1], KOKORO_GAIN_DB.get(name, 0.0), accent)


KOKORO_GAIN_DB: dict[str, float] = {}
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
