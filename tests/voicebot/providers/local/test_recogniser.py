"""The local recogniser writes down every word, however long or fast it is said."""

import numpy as np
import pytest

from tests.piper_speech import MONOLOGUE, spoken
from tests.visitors import RATE_HZ
from tests.words import error_rate, words

pytestmark = pytest.mark.local

MISHEARD = 0.04  # words for each that was said


@pytest.mark.parametrize("speed", [1.0, 1.45], ids=["216 words a minute", "280 words a minute"])
def test_a_long_utterance_is_heard_to_its_last_word(speed):
    from voicebot.providers.local import whisper

    heard = whisper.transcribe(spoken(MONOLOGUE, speed).tobytes())
    assert words(heard)[-5:] == words(MONOLOGUE)[-5:]
    assert error_rate([MONOLOGUE], [heard]) <= MISHEARD, heard


def test_the_limit_of_tokens_is_what_is_generated_at_most():
    from voicebot.providers.local import ears

    for recogniser in (ears.english(), ears.multilingual()):
        encoded = recogniser.encode(recogniser.features(loop()), LOOP_FRAMES)
        for limit in (20, 90, ears.MAX_TOKENS):
            decoded = recogniser.decode(encoded, limit)
            assert decoded.looped
            assert abs(len(recogniser.tokenizer("en").encode(decoded.text)) - limit) <= 2


LOOP_FRAMES = 120  # for a second of speech: with so little room Whisper says it again and again


def loop() -> np.ndarray:
    return spoken(MONOLOGUE)[:RATE_HZ].astype(np.float32) / 32768


def test_decoding_that_runs_in_circles_is_noticed_and_done_again(monkeypatch):
    from voicebot.providers.local import ears, whisper
    from voicebot.providers.local.ears import recogniser

    monkeypatch.setattr(ears.english(), "least_frames", LOOP_FRAMES)
    monkeypatch.setattr(recogniser, "MARGIN_FRAMES", 20)
    heard = words(whisper.transcribe((loop() * 32768).astype(np.int16).tobytes()))
    assert heard[:5] == words("When I was a boy")
    assert len(heard) <= 7


def test_what_is_decoded_again_does_not_repeat_itself():
    from voicebot.providers.local import ears

    recogniser = ears.english()
    encoded = recogniser.encode(recogniser.features(loop()), LOOP_FRAMES)
    text = recogniser.decode(encoded, ears.MAX_TOKENS, no_repeat=ears.NO_REPEAT).text
    tokens = recogniser.tokenizer("en").encode(text)
    runs = [tuple(tokens[at : at + ears.NO_REPEAT]) for at in range(len(tokens) - ears.NO_REPEAT + 1)]
    assert len(set(runs)) == len(runs)
