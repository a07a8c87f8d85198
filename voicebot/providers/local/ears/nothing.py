"""Nothing said: what of a recogniser's words nobody has spoken.

Whisper writes something about any sound. What it is unsure of, and what it is known to invent, counts only if
there is a voice in the sound; what nobody says to a character (credits of subtitles) never does. A real
"Thank you." of a visitor has a voice, and stays. Thresholds are from 57 clips of noise, hum, music and claps
and 54 of the shortest phrases (tests/voicebot/providers/local/test_noise.py has their like): of the first
none had a voice, of the second each had for 190 ms or more.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
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
SPACELESS = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
# What Whisper writes of silence and music, because films and videos end with it; several in a row, too.
ENGLISH = """
    you|i|oh|so|okay|bye|bye bye|bye-bye|thanks|thank you|thank you very much|thank you so much|music|
    applause|thanks for watching|thank you for watching|thanks for listening|thank you for listening|the end|
    i'm sorry|please subscribe|please subscribe to my channel|see you next time|see you in the next video|
    oh my god
"""
# The recogniser is asked for simplified characters, and an invention may be in others.
MANDARIN = """
    谢谢|谢谢大家|谢谢观看|谢谢收看|谢谢收听|感谢观看|感谢收看|感谢收听|多谢您的观看|多谢您的收看|我们下期再见|下期再见|再见|
    请订阅|请订阅我的频道|嗯|啊|謝謝|謝謝大家|謝謝觀看|謝謝收看|謝謝收聽|感謝觀看|感謝收看|感謝收聽|多謝您的觀看|多謝您的收看|
    我們下期再見|下期再見|再見|請訂閱|請訂閱我的頻道
"""
OTHERS = """
    vielen dank|vielen dank fürs zuschauen|merci|merci d'avoir regardé cette vidéo|gracias|
    gracias por ver el video|gracias por ver el vídeo|obrigado|obrigado por assistir|grazie|
    grazie per aver guardato il video|ご視聴ありがとうございました
"""
INVENTED = tuple(filter(None, map(str.strip, "|".join((ENGLISH, MANDARIN, OTHERS)).split("|"))))
CREDITS = re.compile(
    r"amara\.org|castingwords|subtitl\w+ by|caption\w* by|untertitel (von|der|im auftrag)"
    r"|sous-?titres? (réalisés|par)|sous-?titrage (société|st)|sottotitoli (e revisione|creati)"
    r"|legendas pela comunidade|字幕(由|志[愿願]者|[组組]|by|[制製]作)|[请請]不吝[点點][赞贊讚]|打[赏賞]支持"
    r"|明[镜鏡][与與][点點]{2}|[优優]{2}[独獨]播[剧劇][场場]|www\.\w+\.\w+$",
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
    unsure = no_speech > UNSURE or log_prob < DOUBTFUL_LOG_PROB
    unsure = unsure or _has_only(plain, INVENTED) or _has_only(plain, hinted)
    return unsure and voiced_secs(samples) < VOICED_SECS


def _plain(text: str) -> str:
    return re.sub(r"[^\w' ]", "", text.lower().replace("\u2019", "'")).strip()


def _has_only(plain: str, words: Sequence[str]) -> bool:
    """Whether there is nothing but these words, one or several."""
    return not _any_of(tuple(words)).sub(" ", plain).strip()


@lru_cache(maxsize=256)  # a character's names change with what is talked about
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """Each of them, the longest first. Between Chinese ones there is no space."""
    known = sorted(filter(None, map(_plain, words)), key=len, reverse=True)
    whole = (word if SPACELESS.match(word) else rf"\b{re.escape(word)}\b" for word in known)
    return re.compile("|".join(whole) or "(?!)")
