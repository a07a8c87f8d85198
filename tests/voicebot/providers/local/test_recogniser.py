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
    from voicebot.providers.local import whisper

    features = whisper.model().feature_extractor(loop(), padding=0)
    tokenizer, _ = whisper._prompt()
    for limit in (20, 90, whisper.MAX_TOKENS):
        text, looped = whisper.decode(features, LOOP_FRAMES, limit)
        assert looped
        assert abs(len(tokenizer.encode(text)) - limit) <= 2


LOOP_FRAMES = 120  # for a second of speech: with so little room Whisper says it again and again


def loop() -> np.ndarray:
    return spoken(MONOLOGUE)[:RATE_HZ].astype(np.float32) / 32768


def test_decoding_that_runs_in_circles_is_noticed_and_done_again(monkeypatch):
    from voicebot.providers.local import whisper

    monkeypatch.setattr(whisper, "MIN_FRAMES", LOOP_FRAMES)
    monkeypatch.setattr(whisper, "MARGIN_FRAMES", 20)
    heard = words(whisper.transcribe((loop() * 32768).astype(np.int16).tobytes()))
    assert heard[:5] == words("When I was a boy")
    assert len(heard) <= 7


def test_what_is_decoded_again_does_not_repeat_itself():
    from voicebot.providers.local import whisper

    features = whisper.model().feature_extractor(loop(), padding=0)
    text, _ = whisper.decode(features, LOOP_FRAMES, whisper.MAX_TOKENS, no_repeat=whisper.NO_REPEAT)
    tokens = whisper._prompt()[0].encode(text)
    runs = [tuple(tokens[at : at + whisper.NO_REPEAT]) for at in range(len(tokens) - whisper.NO_REPEAT + 1)]
    assert len(set(runs)) == len(runs)
