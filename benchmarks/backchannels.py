"""What of a listener is taken for a turn, and what of a turn for a listener.

.venv/bin/python -m benchmarks.backchannels

Short utterances, each of several voices, as the local recognisers hear them: by their words alone, and with
how sure the recogniser is of them. The voices read "Mm-hm." as a word, with a vowel or two: what people hum
is plainer, so this is of the harder kind. Kokoro takes a second of a core for each.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import soxr

from benchmarks import django_ready  # noqa: F401
from tests.visitors import RATE_HZ
from voicebot.providers.local import voices
from voicebot.providers.local.ears import Expected, models
from voicebot.providers.local.voices.wish import Wish
from voicebot.providers.speech.segments import DOUBTED_LOG_PROB, Heard
from voicebot.turns.backchannels import is_backchannel, is_hum

ENGLISH_VOICES = ("heart", "joe", "af_bella", "am_michael", "bf_emma", "am_fenrir", "bm_george", "af_sarah")
CHINESE_VOICES = ("zf_xiaoxiao", "zf_xiaobei", "zm_yunxi", "zm_yunyang")
LISTENING = {
    "en": "Mm-hm.|Uh-huh.|Yeah.|Right.|Okay.|I see.|Oh.|Mhm, yeah.|Sure.|Hmm.",
    "zh": "嗯。|嗯哼。|对。|好的。|哦。|是啊。",
}
SPEAKING = {
    "en": "Stop.|No.|Wait.|Hold on.|What?|Yes, please.|Tell me more.|Hello?|Who?|Not now.|My dog.|And then?",
    "zh": "停。|不要。|等一下。|什么？|你好？|够了。|我不要。",  # noqa: RUF001
}
AROUND_SECS = 0.25, 0.5  # of silence
AUDIBLE, VOICE_HZ = 300, 24_000


class Clip(NamedTuple):
    listens: bool
    said: str
    pcm: bytes


def clips(language: str) -> Iterator[Clip]:
    """Each utterance by each voice, without the silence that the voice puts around it."""
    for voice in ENGLISH_VOICES if language == "en" else CHINESE_VOICES:
        for listens, texts in ((True, LISTENING), (False, SPEAKING)):
            for text in texts[language].split("|"):
                spoken = voices.synthesize(text, Wish(voice=voice, language=language))
                pcm = soxr.resample(np.frombuffer(spoken.pcm, np.int16).astype(np.float32), VOICE_HZ, RATE_HZ)
                loud = np.flatnonzero(np.abs(pcm) > AUDIBLE)
                parts = [np.zeros(int(secs * RATE_HZ)) for secs in AROUND_SECS]
                whole = np.concatenate([parts[0], pcm[loud[0] : loud[-1] + 1], parts[1]])
                yield Clip(listens, text, whole.astype(np.int16).tobytes())


def by_words(heard: Heard) -> bool:
    return is_backchannel(heard.text)


def by_both(heard: Heard) -> bool:
    return by_words(heard) or (heard.log_prob < DOUBTED_LOG_PROB and is_hum(heard.text))


def main() -> None:
    print(f"{'ears':>8} {'language':>9} {'':>26} {'by words':>9} {'and by doubt':>13}")
    for language, ears in (("en", "tiny.en"), ("en", "base"), ("zh", "base")):
        recogniser = models.english() if ears == "tiny.en" else models.multilingual()
        heard = [(clip, recogniser.listen(clip.pcm, Expected((language,)))) for clip in clips(language)]
        for listens, title in ((True, "listening, let go on"), (False, "speaking, let go on")):
            these = [words for clip, words in heard if clip.listens == listens]
            counts = [sum(bool(words.text) and way(words) for words in these) for way in (by_words, by_both)]
            silent = sum(not words.text for words in these)
            cells = [f"{count + silent} of {len(these)}" for count in counts]
            print(f"{ears:>8} {language:>9} {title:>26} {cells[0]:>9} {cells[1]:>13}", flush=True)


if __name__ == "__main__":
    main()
