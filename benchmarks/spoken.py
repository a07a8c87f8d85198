"""Sentences, spoken by Piper in five voices, clean and with noise, to measure models that listen."""

import os
from functools import cache
from pathlib import Path

import django
import numpy as np
import soxr

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from tests import chinese_speech  # noqa: E402
from tests.kept_speech import kept  # noqa: E402
from voicebot.providers.local import voices  # noqa: E402

RATE_HZ = 16_000
CHINESE = chinese_speech.SENTENCES
VOICES = ((0.0, 1.0), (-4.0, 0.9), (5.0, 1.1), (2.0, 1.25), (-2.0, 0.8))
ENGLISH_VOICES = ("joe", "heart", "am_michael", "bf_emma")
CHINESE_VOICES = chinese_speech.VOICES
NOISE_DB = -15.0
# Harvard sentences (IEEE 1969, lists 1 to 5), and what visitors say to characters.
SENTENCES = """The birch canoe slid on the smooth planks.
Glue the sheet to the dark blue background.
It's easy to tell the depth of a well.
These days a chicken leg is a rare dish.
Rice is often served in round bowls.
The juice of lemons makes fine punch.
The box was thrown beside the parked truck.
The hogs were fed chopped corn and garbage.
Four hours of steady work faced us.
A large size in stockings is hard to sell.
The boy was there when the sun rose.
A rod is used to catch pink salmon.
The source of the huge river is the clear spring.
Kick the ball straight and follow through.
Help the woman get back to her feet.
A pot of tea helps to pass the evening.
Smoky fires lack flame and heat.
The soft cushion broke the man's fall.
The salt breeze came across from the sea.
The girl at the booth sold fifty bonds.
The small pup gnawed a hole in the sock.
The fish twisted and turned on the bent hook.
Press the pants and sew a button on the vest.
The swan dive was far short of perfect.
The beauty of the view stunned the young boy.
Two blue fish swam in the tank.
Her purse was full of useless trash.
The colt reared and threw the tall rider.
It snowed, rained, and hailed the same morning.
Read verse out loud for pleasure.
Hello.
Yes, please.
No, thank you.
Who are you?
What is your name?
Tell me a story.
Good morning, my name is Robin and I like to sail.
What is the capital of France?
Where did you put the old map?
Could you repeat that, please?
It was a dark and stormy night.
Do you remember my name?
Tell me a story about a dragon and a small mouse.
I have been working on a boat with my brother all summer, and we hope to finish it before the winter comes.
Well, I think that we should go home now, because it is getting late and the children are tired.
How do you know which way to sail when there are no stars to be seen?""".splitlines()

STORY = """When I was a boy my grandfather kept a small wooden boat in the harbor, and I helped him paint it.
We started before breakfast, while the water was still gray and quiet.
We did not stop until the sun stood high above the old church.
He told me stories about the islands, about storms and about people who had come home after many years.
I never knew which of them were true, but I believed every single word.
I still remember the smell of the paint and the sound of the gulls.""".splitlines()


def say(text: str, pitch: float = 0.0, speed: float = 1.0) -> np.ndarray:
    """`text` as a microphone would hear it, with half a second of silence: mono int16 PCM at 16 kHz."""
    return _said(text, voices.Wish("joe", "en", pitch, speed))


def spoken_by(voice: str, language: str, text: str) -> np.ndarray:
    """`text` in a voice by its name, as `say` gives it."""
    return _said(text, voices.Wish(voice, language, 0.0, 1.0))


def _said(text: str, wish: voices.Wish) -> np.ndarray:
    """Kept on disk: Piper says a sentence differently each time, and parts of a table are to be compared."""
    return kept(("spoken", _voices(), text, wish), lambda: _heard(voices.synthesize(text, wish).pcm))


@cache
def _voices() -> tuple[str, ...]:
    """What makes the voices, as it is written."""
    return tuple(path.read_text() for path in sorted(Path(voices.__file__).parent.glob("*.py")))


def _heard(pcm: bytes) -> np.ndarray:
    samples = np.frombuffer(pcm, np.int16).astype(np.float32)
    heard = np.concatenate([soxr.resample(samples, voices.RATE_HZ, RATE_HZ), np.zeros(RATE_HZ // 2)])
    return np.clip(heard, -32768, 32767).astype(np.int16)


def spoken() -> list[np.ndarray]:
    """Every sentence as a microphone at 16 kHz would hear it, then all of them with noise."""
    clean = []
    for number, sentence in enumerate(SENTENCES):
        pitch, speed = VOICES[number % len(VOICES)]
        clean.append(say(sentence, pitch, speed))
    return _and_noisy(clean)


def spoken_chinese() -> list[np.ndarray]:
    """As `spoken`, the sentences of `CHINESE` in Kokoro's voices."""
    clean = [
        chinese_speech.spoken(sentence, chinese_speech.VOICES[number % 6], (1.0, 0.9, 1.15)[number % 3])
        for number, sentence in enumerate(CHINESE)
    ]
    return _and_noisy(clean)


def _and_noisy(clean: list[np.ndarray]) -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    noisy = []
    for samples in clean:
        level = np.sqrt(np.mean(samples.astype(np.float64) ** 2)) * 10 ** (NOISE_DB / 20)
        heard = samples + rng.normal(0, level, len(samples))
        noisy.append(np.clip(heard, -32768, 32767).astype(np.int16))
    return clean + noisy
