"""Words heard and time of the local recogniser: .venv/bin/python -m benchmarks.recogniser

The first table: what is heard of a story that Piper tells for longer and longer, at several speeds. Then:
how long a short question waits beside somebody who talks much. The last table: Whisper's encoder works on
3000 frames (thirty seconds) whatever the length of an utterance, unless it is given fewer. Each row is a
least number of frames; the utterance itself and a margin always fit. Short sentences in five voices,
clean and with noise 15 dB below the speech, the same for all rows.
"""

import statistics
import time
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import partial

import numpy as np

from benchmarks.spoken import SENTENCES, STORY, say, spoken
from tests.words import error_rate, words
from voicebot.providers.local import whisper
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
            secs = len(pcm) / whisper.RATE_HZ
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
    long_secs = len(long) / whisper.RATE_HZ
    print(f"a question of {len(short) / whisper.RATE_HZ:.1f} s, transcribed alone: {alone:.0f} ms")
    for what, parts in (
        ("in one piece", [long]),
        ("in segments", pieces(long, whisper.RATE_HZ, whisper.LocalSTT.longest_secs)),
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


def floors() -> None:
    said = SENTENCES * 2
    audio = [samples.tobytes() for samples in spoken()]
    print(f"{len(said)} sentences, {sum(map(len, audio)) / 32000:.0f} s of speech")
    print(f"{'frames':>7} {'word errors':>12} {'median ms':>10} {'p95 ms':>8} {'decoded twice':>14}")
    for floor in FLOORS:
        whisper.MIN_FRAMES = floor
        took, heard, again = [], [], 0
        for pcm in audio:
            begun = time.perf_counter()
            heard.append(whisper.transcribe(pcm))
            took.append(1000 * (time.perf_counter() - begun))
            samples = np.frombuffer(pcm, dtype=np.int16).astype(np.float32) / 32768.0
            features = whisper.model().feature_extractor(samples, padding=0)
            frames = min(whisper.MAX_FRAMES, max(floor, features.shape[-1] + whisper.MARGIN_FRAMES))
            again += whisper.decode(features, frames, whisper.token_limit(len(samples) / whisper.RATE_HZ))[1]
        late = sorted(took)[int(len(took) * 0.95)]
        print(
            f"{floor:>7} {error_rate(said, heard):>11.1%} {statistics.median(took):>10.0f} {late:>8.0f} "
            f"{again:>14}",
            flush=True,
        )


def main() -> None:
    whisper.transcribe(bytes(2 * whisper.RATE_HZ))
    lengths()
    print()
    turns()
    print()
    floors()


if __name__ == "__main__":
    main()
