"""Talks of speakers with a rhythm of their own: python -m benchmarks.pause_talks [SENTENCES] [--people DIR]

A halting speaker pauses in mid-sentence in seven turns of ten, a quick one in none; each talk has eight turns
and begins with nothing known. Clips go through what `benchmarks.pauses` names: without words, with words,
and with words and rhythm. `--people` takes the recordings of `benchmarks/human_clips.py` in that folder.
What was learnt is carried from clip to clip here as a connection carries it from turn to turn.
"""

import argparse
import random
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from benchmarks import human_clips, pauses
from benchmarks.pause_clips import Clip
from voicebot.turns.ends import Rhythm

TURNS, HALTING_SHARE = 8, 0.7
ASKED = 100_000


def talks(clips: list[Clip], halting: float, count: int) -> Iterator[list[Clip]]:
    """So many talks, the same ones each time."""
    rng = random.Random(1)  # noqa: S311
    paused = [clip for clip in clips if len(clip.parts) > 1]
    whole = [clip for clip in clips if len(clip.parts) == 1]
    for _ in range(count):
        yield [rng.choice(paused if rng.random() < halting else whole) for _ in range(TURNS)]


@cache
def alone(name: str, words: bool) -> pauses.Run:
    return pauses.played(CLIPS[name], words)


CLIPS: dict[str, Clip] = {}


def with_rhythm(talk: list[Clip]) -> Iterator[pauses.Run]:
    rhythm = Rhythm()
    for clip in talk:
        yield (run := pauses.played(clip, True, rhythm))
        if run.delay_secs is not None:
            rhythm.ended()


def measured(name: str, clips: list[Clip], count: int) -> None:
    CLIPS.update({clip.name: clip for clip in clips})
    for speaker, halting in (("halting", HALTING_SHARE), ("quick", 0.0)):
        held = list(talks(clips, halting, count))
        for words in (False, True):
            runs = [alone(clip.name, words) for talk in held for clip in talk]
            print(pauses.row(f"{name} {speaker}, {'words' if words else 'plain'}", runs), flush=True)
        runs = [run for talk in held for run in with_rhythm(talk)]
        print(pauses.row(f"{name} {speaker}, rhythm", runs), flush=True)


def cost() -> None:
    rhythm = Rhythm()
    began = time.process_time()
    for _ in range(ASKED):
        rhythm.went_on(0.7)
        rhythm.patience_secs(0.0, 0.9)
    print(f"a pause learnt and asked about: {(time.process_time() - began) / ASKED * 1e6:.1f} us of CPU")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sentences", type=int, nargs="?", default=1000)
    parser.add_argument("--people", type=Path)
    parser.add_argument("--talks", type=int, default=10)
    asked = parser.parse_args()
    cost()
    print(f"{'':>22} {'pauses':>7} {'cut off':>9} {'ends':>6} {'mean s':>8} {'median':>8} {'p90':>8}")
    if asked.people:
        found = list(human_clips.clips(asked.people))
        for words in (False, True):
            runs = [pauses.played(clip, words) for clip in found]
            print(pauses.row(f"all, {'words' if words else 'plain'}", runs), flush=True)
        measured("people", found, asked.talks)
        return
    made = pauses.some(asked.sentences)
    measured("even", [clip for clip in made if clip.number % 2 == 0], asked.talks)
    measured("odd", [clip for clip in made if clip.number % 2], asked.talks)


if __name__ == "__main__":
    main()
