"""Recogniser: Whisper on a spectrogram that is no longer than it has to be.

Whisper's encoder works on thirty seconds whatever the length, most of it padding. CTranslate2 takes a
shorter spectrogram (a frame is 10 ms) and finds the same words in a fraction of the time; below a floor of
its own each model mishears more, and now and then it repeats itself, which its limit of tokens gives away.
benchmarks/recogniser.py prints how much.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer

from voicebot.providers.local.ears.nothing import SILENCE, is_nothing
from voicebot.providers.speech.segments import LONGEST_SECS, Heard, pieces

RATE_HZ = 16_000
FRAMES_PER_SEC, MAX_FRAMES, MARGIN_FRAMES = 100, 3000, 100
TOKENS, TOKENS_PER_SEC = (
    10,
    8,
)  # at 290 words a minute English has 5.5 tokens a second, Chinese 6 at 300 characters
SPACELESS = frozenset({"zh", "ja"})  # written without spaces between words
# Marks as Chinese has them, for those that Whisper writes as English has.
WIDE = {",": "，", "?": "？", "!": "！", ".": "。", ";": "；", ":": "："}  # noqa: RUF001
NARROW = re.compile(r"(?<=[\u3040-\u30ff\u3400-\u9fff])\s*([,?!.;:])\s*")
MAX_TOKENS = 224  # half of the model's positions
NO_REPEAT = 6  # tokens in a row that do not come twice where decoding has run in circles
# What is written before is gone on with: in simplified characters, and with punctuation.
MANNERS = {"zh": "以下是普通话的句子，有标点符号。"}  # noqa: RUF001

# Names are written as a text before has them: in which sentence, and what stands between them;
# benchmarks/hints.py prints how many more are heard right.
HINTS = {"en": ("We talk about {}.", ", "), "zh": ("我们谈论{}。", "、")}
HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Expected:
    """What may be said: in one of these `languages`, as codes, of which the first is the likeliest.

    `names` are such as this character is likely to hear; a language is hinted at those in its own letters.
    """

    languages: tuple[str, ...] = ("en",)
    names: tuple[str, ...] = ()

    def after(self, heard: Heard) -> "Expected":
        """What may be said next: whoever has spoken a language goes on in it."""
        if not heard.text or heard.language == self.languages[0] or heard.language not in self.languages:
            return self
        others = (language for language in self.languages if language != heard.language)
        return replace(self, languages=(heard.language, *others))


@dataclass(frozen=True)
class Decoded:
    """One pass of the decoder. `looped`: it ran into the limit of tokens; `log_prob` is the mean of them."""

    text: str
    looped: bool
    no_speech: float
    log_prob: float


class Recogniser:
    """One model. `least_frames` is what its encoder is given at least."""

    def __init__(self, model: Any, least_frames: int):
        self.model, self.least_frames = model, least_frames
        self._tokenizers: dict[str, Tokenizer] = {}

    @property
    def knows_languages(self) -> bool:
        return bool(self.model.model.is_multilingual)

    def listen(self, pcm: bytes, expected: Expected = Expected()) -> Heard:
        """What is said in mono int16 PCM at 16 kHz. Blocks for a tenth of a second or more."""
        samples = np.frombuffer(pcm, dtype=np.int16).astype(np.float32) / 32768.0
        if not samples.size:
            return Heard()
        found: list[Heard] = []
        for part in pieces(samples, RATE_HZ, LONGEST_SECS + 1):  # a segment and its silence
            known = next((heard.language for heard in found if heard.text), "")
            found.append(self._listen(part, replace(expected, languages=(known,)) if known else expected))
        said = [heard for heard in found if heard.text]
        language = said[0].language if said else ""
        between = "" if language in SPACELESS else " "
        log_prob = min((heard.log_prob for heard in said), default=0.0)
        return Heard(between.join(heard.text for heard in said), language, log_prob)

    def _listen(self, samples: np.ndarray, expected: Expected) -> Heard:
        features = self.features(samples)
        limit = token_limit(len(samples) / RATE_HZ)
        encoded = self.encode(features, self.frames_for(features))
        language = self.language_of(encoded, expected)
        names = expected.names
        decoded = self.decode(encoded, limit, language, names=names)
        if decoded.no_speech > SILENCE:
            return Heard()
        if decoded.looped:
            decoded = self.decode(self.encode(features, MAX_FRAMES), limit, language, no_repeat=NO_REPEAT)
        elif repeats_itself(decoded.text):
            decoded = self.decode(self.encode(features, MAX_FRAMES), limit, language)
        if is_nothing(decoded.text, decoded.no_speech, decoded.log_prob, samples, names):
            return Heard()
        return Heard(decoded.text, language, decoded.log_prob)

    def features(self, samples: np.ndarray) -> np.ndarray:
        """The spectrogram of mono samples between -1 and 1 at 16 kHz."""
        found: np.ndarray = self.model.feature_extractor(samples, padding=0)
        return found

    def frames_for(self, features: np.ndarray) -> int:
        return min(MAX_FRAMES, max(self.least_frames, features.shape[-1] + MARGIN_FRAMES))

    def encode(self, features: np.ndarray, frames: int) -> Any:
        """A spectrogram, cut or padded to `frames`, as the decoder reads it."""
        return self.model.encode(pad_or_trim(features, frames))

    def language_of(self, encoded: Any, expected: Expected) -> str:
        """The likeliest of the languages that are expected. Costs one step of the decoder."""
        if not self.knows_languages:
            return "en"
        if len(expected.languages) == 1:
            return expected.languages[0]
        found = {token[2:-2]: share for token, share in self.model.model.detect_language(encoded)[0]}
        return max(expected.languages, key=lambda language: found.get(language, 0.0))

    def decode(
        self, encoded: Any, limit: int, language: str = "en", no_repeat: int = 0, names: Sequence[str] = ()
    ) -> Decoded:
        """The words in what was encoded, at most `limit` tokens."""
        tokenizer, prompt = self.tokenizer(language), self.prompt(language, names)
        result = self.model.model.generate(
            encoded,
            [list(prompt)],
            beam_size=1,
            # CTranslate2 generates half of this, and no more than the prompt leaves, see its issue 1856.
            max_length=max(2 * limit, limit + len(prompt)),
            no_repeat_ngram_size=no_repeat,
            return_no_speech_prob=True,
            return_scores=True,
        )[0]
        tokens = result.sequences_ids[0]
        text = tokenizer.decode(tokens).strip()
        # The score is the mean over the tokens; Whisper counts the end of the text as one of them.
        log_prob = result.scores[0] * len(tokens) / (len(tokens) + 1)
        text = wide_marks(text) if language in SPACELESS else text
        return Decoded(text, len(tokens) >= limit, result.no_speech_prob, log_prob)

    def tokenizer(self, language: str) -> Tokenizer:
        if language not in self._tokenizers:
            self._tokenizers[language] = Tokenizer(
                self.model.hf_tokenizer, self.knows_languages, task="transcribe", language=language
            )
        return self._tokenizers[language]

    def prompt(self, language: str, names: Sequence[str] = ()) -> Sequence[int]:
        """The tokens that the transcript is to go on from."""
        tokenizer = self.tokenizer(language)
        manner = MANNERS.get(language, "") if self.knows_languages else ""
        known = [name for name in names if bool(HAN.search(name)) is (language == "zh")]
        if known and language in HINTS:
            hint, between = HINTS[language]
            manner += hint.format(between.join(known))
        previous = tokenizer.encode(" " + manner) if manner else []
        prompt: list[int] = self.model.get_prompt(tokenizer, previous, without_timestamps=True)
        return prompt


def repeats_itself(text: str) -> bool:
    """Whether a transcript is the same words again and again, as a cut spectrogram makes of a word alone.

    Who really says a word twice is heard so at the second look, too.
    """
    words = text.split()
    count = len(words)
    return any(
        count % size == 0 and words == words[:size] * (count // size) for size in range(1, count // 2 + 1)
    )


def wide_marks(text: str) -> str:
    """Chinese or Japanese text with punctuation of its own width behind its own characters."""
    return NARROW.sub(lambda mark: WIDE[mark[1]], text)


def token_limit(secs: float) -> int:
    """More tokens than anybody says in so many seconds: whatever reaches it runs in circles."""
    return min(MAX_TOKENS, TOKENS + int(TOKENS_PER_SEC * secs))
