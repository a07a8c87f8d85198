"""Nothing said: what of a recogniser's words nobody has spoken.

Whisper writes something about any sound. What it is unsure of, and what it is known to invent, counts only if
there is a voice in the sound; what nobody says to a character (credits of subtitles) never does. A real
"Thank you." of a visitor has a voice, and stays. Thresholds are from 57 clips of noise, hum, music and claps
and 54 of the shortest phrases (tests/voicebot/providers/local/test_noise.py has their like): of the first
none had a voice, of the second each had for 190 ms or more.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from faster_whisper.vad import get_vad_model

SILENCE = (
    0.6  # probability of no speech above which a segment is noise (Whisper's own threshold, section 4.5)
)
UNSURE = 0.3  # above which a voice has to be found
DOUBTFUL_LOG_PROB, HOPELESS_LOG_PROB = -1.0, -1.5  # mean per token; -1 is Whisper's own threshold
VOICE, VOICED_SECS = 0.5, 0.1  # probability of a voice in a window, and how long there is one at least
WINDOW = 512  # samples of Silero
RATE_HZ = 16_000
SPACELESS = re.compile("[\u3400-\u9fff]")
# What Whisper writes of silence and music, because films and videos end with it.
INVENTED = frozenset(
    (
        *("you", "i", "oh", "so", "okay", "bye", "bye bye", "thanks", "thank you", "thank you very much"),
        *("thank you so much", "thanks for watching", "thank you for watching", "please subscribe"),
        *("music", "applause", "the end", "i'm sorry", "oh my god"),
        *(
            "谢谢",
            "谢谢大家",
            "谢谢观看",
            "谢谢收看",
            "感谢观看",
            "多谢您的观看",
            "我们下期再见",
            "再见",
            "嗯",
            "啊",
        ),
        *("vielen dank", "merci", "gracias", "obrigado", "grazie"),
    )
)
CREDITS = re.compile(
    r"amara\.org|subtitl\w+ by|caption\w* by|untertitel (von|der|im auftrag)|sous-?titres? (réalisés|par)"
    r"|字幕(由|志愿者|组|by)|请不吝点赞|打赏支持|明镜与点点|优优独播剧场|www\.\w+\.\w+$",
    re.IGNORECASE,
)


@cache
def _silero() -> Any:
    return get_vad_model()


def voiced_secs(samples: np.ndarray) -> float:
    """For how long there is a voice in mono samples between -1 and 1 at 16 kHz."""
    padded = np.pad(samples, (0, -len(samples) % WINDOW)).astype(np.float32)
    return float((_silero()(padded) > VOICE).sum()) * WINDOW / RATE_HZ


def is_nothing(
    text: str, no_speech: float, log_prob: float, samples: np.ndarray, hinted: Sequence[str] = ()
) -> bool:
    """Whether nobody has said this. `no_speech` is a probability, `log_prob` the mean of the tokens'.

    `hinted` are words that the recogniser was told before: of a cough it makes a list of them.
    """
    plain = _plain(text)
    if not plain or no_speech > SILENCE or CREDITS.search(text):
        return True
    if no_speech > UNSURE and log_prob < HOPELESS_LOG_PROB:
        return True
    unsure = no_speech > UNSURE or log_prob < DOUBTFUL_LOG_PROB or plain in INVENTED
    unsure = unsure or _has_only(plain, hinted)
    return unsure and voiced_secs(samples) < VOICED_SECS


def _plain(text: str) -> str:
    return re.sub(r"[^\w' ]", "", text.lower().replace("\u2019", "'")).strip()


def _has_only(plain: str, hinted: Sequence[str]) -> bool:
    """Whether these are such words and nothing else. Between Chinese ones there is no space."""
    for known in sorted(map(_plain, hinted), key=len, reverse=True):
        whole = known if SPACELESS.match(known) else rf"\b{re.escape(known)}\b"
        plain = re.sub(whole, " ", plain)
    return not plain.strip()
