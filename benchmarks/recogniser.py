"""Words heard and time of the local recogniser: .venv/bin/python -m benchmarks.recogniser [--only PART ...]

The first table: what is heard of a story that Piper tells for longer and longer, at several speeds. Then:
how long a short question waits beside somebody who talks much. The last tables: Whisper's encoder works on
3000 frames (thirty seconds) whatever the length of an utterance, unless it is given fewer. Each row is a
least number of frames; the utterance itself and a margin always fit. Short sentences in five voices,
clean and with noise 15 dB below the speech, the same for all rows; Mandarin in six of Kokoro's, whose errors
are counted by the character.

`--only` takes `lengths`, `turns`, `english`, `base-en`, `base-zh`, and `voices`, which is not in the usual
run: errors by language and voice, each sentence in each voice, with the floor in use. `--frames` has the rows
of some floors only, so that a table may be made in parts: what is heard is the same each time. CPU is that of
all cores, which other work on the machine changes little, where it lengthens what is waited for.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from functools import partial
from typing import NamedTuple

import numpy as np

from benchmarks.spoken import (
    CHINESE,
    CHINESE_VOICES,
    ENGLISH_VOICES,
    SENTENCES,
    STORY,
    say,
    spoken,
    spoken_by,
    spoken_chinese,
)
from tests.words import edits, words
from voicebot.providers.local import ears, whisper
from voicebot.providers.priority_executor import Pool
from voicebot.providers.speech.segments import pieces

FLOORS = (500, 800, 1000, 1200, 1500, 2000, 3000)
SPEEDS = (1.0, 1.2, 1.4)
PARTS = (1, 2, 4, len(STORY), 2 * len(STORY))  # sentences


def lengths() -> None:
    print(f"{'seconds':>8} {'words/min':>10} {'said':>6} {'heard':>6} {'ms':>8}")
    for speed in SPEEDS:
        for count in PARTS:
            said = words(" ".join((STORY * 2)[:count]))
            pcm = say(" ".join((STORY * 2)[:count]), speed=speed)
            secs = len(pcm) / ears.RATE_HZ
            begun = time.perf_counter()
            heard = words(whisper.transcribe(pcm.tobytes()))
            took = 1000 * (time.perf_counter() - begun)
            same = sum(
                block.size for block in SequenceMatcher(None, said, heard, False).get_matching_blocks()
            )
            print(f"{secs:>8.1f} {60 * len(said) / secs:>10.0f} {len(said):>6} {same:>6} {took:>8.0f}")


def turns() -> None:
    """How long a short question waits beside somebody who has just said a minute and a half."""
    long, short = say(" ".join(STORY * 4)), say("What is the capital of France?")
    alone = _waits(short)
    long_secs = len(long) / ears.RATE_HZ
    print(f"a question of {len(short) / ears.RATE_HZ:.1f} s, transcribed alone: {alone:.0f} ms")
    for what, parts in (
        ("in one piece", [long]),
        ("in segments", pieces(long, ears.RATE_HZ, whisper.LocalSTT.longest_secs)),
    ):
        print(f"behind {long_secs:.0f} s of somebody else's, {what}: {_waits(short, parts):.0f} ms")


def _waits(short: np.ndarray, before: Sequence[np.ndarray] = ()) -> float:
    """Milliseconds until `short` is transcribed that comes right after all of `before`, another visitor's."""
    pool, now = Pool("turns"), time.monotonic
    others = [pool.submit_for("other", now(), partial(whisper.transcribe, part.tobytes())) for part in before]
    time.sleep(0.05)  # the first is under way
    begun = now()
    pool.submit_for("visitor", now(), partial(whisper.transcribe, short.tobytes())).result()
    took = 1000 * (now() - begun)
    for other in others:
        other.result()
    return took


class Listened(NamedTuple):
    """What was heard of each sentence, and milliseconds that it took: by the clock, and of the cores."""

    heard: list[str]
    took: list[float]
    cpu: list[float]


def listened(recogniser: ears.Recogniser, audio: Sequence[bytes], language: str) -> Listened:
    found = Listened([], [], [])
    for pcm in audio:
        begun, used = time.perf_counter(), time.process_time()
        found.heard.append(recogniser.listen(pcm, ears.Expected((language,))).text)
        found.cpu.append(1000 * (time.process_time() - used))
        found.took.append(1000 * (time.perf_counter() - begun))
    return found


def errors(said: Sequence[str], heard: Sequence[str], language: str) -> tuple[float, int]:
    """The share of words, or letters, that are wrong, and how many sentences were cut short."""
    units = words if language == "en" else letters
    pairs = [(units(one), units(other)) for one, other in zip(said, heard, strict=True)]
    wrong = sum(edits(one, other) for one, other in pairs) / sum(len(one) for one, _ in pairs)
    return wrong, sum(len(other) < 0.7 * len(one) for one, other in pairs)


def letters(text: str) -> list[str]:
    """What errors are counted in where words have no spaces between them."""
    return list("".join(words(text)))


def floors(name: str, recogniser: ears.Recogniser, language: str, frames: Sequence[int]) -> None:
    """Errors and time of a model for each floor; a piece is cut short if under 7 in 10 of it is heard."""
    said, audio = (SENTENCES * 2, spoken()) if language == "en" else (CHINESE * 2, spoken_chinese())
    sounds = [samples.tobytes() for samples in audio]
    secs = sum(map(len, audio)) / ears.RATE_HZ
    print(f"{name}, {language}: {len(said)} sentences, {secs:.0f} s of speech")
    columns = f"{'median ms':>10} {'p95 ms':>8} {'CPU ms':>8} {'p95':>8}"
    print(f"{'frames':>7} {'errors':>8} {'cut short':>10} {columns}")
    used = recogniser.least_frames
    for floor in frames:
        recogniser.least_frames = floor
        found = listened(recogniser, sounds, language)
        wrong, short = errors(said, found.heard, language)
        times = f"{statistics.median(found.took):>10.0f} {late(found.took):>8.0f}"
        cpu = f"{statistics.median(found.cpu):>8.0f} {late(found.cpu):>8.0f}"
        print(f"{floor:>7} {wrong:>8.1%} {short:>10} {times} {cpu}", flush=True)
    recogniser.least_frames = used


def late(took: Sequence[float]) -> float:
    """The 95th percentile."""
    return sorted(took)[int(len(took) * 0.95)]


def by_voice() -> None:
    """Errors of each voice: of another's sentences they differ more than of a floor."""
    print(f"{'language':>8} {'voice':>12} {'model':>8} {'errors':>8} {'cut short':>10} {'CPU ms':>8}")
    for language, names, said in (("en", ENGLISH_VOICES, SENTENCES), ("zh", CHINESE_VOICES, CHINESE)):
        for name in names:
            audio = [spoken_by(name, language, sentence).tobytes() for sentence in said]
            models = {"base": ears.multilingual()}
            if language == "en":
                models = {"tiny.en": ears.english(), **models}
            for model, recogniser in models.items():
                found = listened(recogniser, audio, language)
                wrong, short = errors(said, found.heard, language)
                cpu = statistics.median(found.cpu)
                row = f"{language:>8} {name:>12} {model:>8} {wrong:>8.1%} {short:>10} {cpu:>8.0f}"
                print(row, flush=True)


PARTS_OF_IT: dict[str, Callable[[Sequence[int]], None]] = {
    "lengths": lambda frames: lengths(),
    "turns": lambda frames: turns(),
    "english": lambda frames: floors("Whisper tiny.en", ears.english(), "en", frames),
    "base-en": lambda frames: floors("Whisper base", ears.multilingual(), "en", frames),
    "base-zh": lambda frames: floors("Whisper base", ears.multilingual(), "zh", frames),
    "voices": lambda frames: by_voice(),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    usual = [part for part in PARTS_OF_IT if part != "voices"]
    parser.add_argument("--only", nargs="+", choices=PARTS_OF_IT, default=usual)
    parser.add_argument("--frames", nargs="+", type=int, default=FLOORS)
    options = parser.parse_args()
    whisper.transcribe(bytes(2 * ears.RATE_HZ))
    for part in options.only:
        PARTS_OF_IT[part](options.frames)
        print(flush=True)


if __name__ == "__main__":
    main()
