"""Word errors and time of Whisper with a shorter spectrogram: .venv/bin/python -m benchmarks.recogniser

Whisper's encoder works on 3000 frames (thirty seconds) whatever the length of an utterance, unless it is
given fewer. Each row is a least number of frames; the utterance itself and a margin always fit. Spoken by
Piper in five voices, clean and with noise 15 dB below the speech, the same for all rows.
"""

import statistics
import time

import numpy as np

from benchmarks.spoken import SENTENCES, spoken
from tests.words import error_rate
from voicebot.providers.local import whisper

FLOORS = (500, 800, 1000, 1200, 1500, 2000, 3000)


def main() -> None:
    said = SENTENCES * 2
    audio = [samples.tobytes() for samples in spoken()]
    whisper.transcribe(audio[0])
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
            limit = whisper.TOKENS + int(whisper.TOKENS_PER_SEC * len(samples) / whisper.RATE_HZ)
            frames = min(whisper.MAX_FRAMES, max(floor, features.shape[-1] + whisper.MARGIN_FRAMES))
            again += whisper._decode(features, frames, limit)[1]
        late = sorted(took)[int(len(took) * 0.95)]
        print(
            f"{floor:>7} {error_rate(said, heard):>11.1%} {statistics.median(took):>10.0f} {late:>8.0f} "
            f"{again:>14}",
            flush=True,
        )


if __name__ == "__main__":
    main()
