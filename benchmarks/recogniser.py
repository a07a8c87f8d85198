"""Word errors and time of Whisper with a shorter spectrogram: .venv/bin/python -m benchmarks.recogniser

Whisper's encoder works on 3000 frames (thirty seconds) whatever the length of an utterance, unless it is
given fewer. Each row is a least number of frames; the utterance itself and a margin always fit. Spoken by
Piper in five voices, clean and with noise 15 dB below the speech, the same for all rows.
"""

import statistics
import time

import numpy as np
import soxr

from tests.words import error_rate
from voicebot.providers.local import piper, whisper

FLOORS = (500, 800, 1000, 1200, 1500, 2000, 3000)
VOICES = ((0.0, 1.0), (-4.0, 0.9), (5.0, 1.1), (2.0, 1.25), (-2.0, 0.8))
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


def spoken() -> list[np.ndarray]:
    """Every sentence as a microphone at 16 kHz would hear it, the second half with noise."""
    rng = np.random.default_rng(5)
    clean = []
    for number, sentence in enumerate(SENTENCES):
        pitch, speed = VOICES[number % len(VOICES)]
        pcm = np.frombuffer(piper.synthesize(sentence, pitch, speed).pcm, np.int16).astype(np.float32)
        clean.append(soxr.resample(pcm, piper.RATE_HZ, whisper.RATE_HZ))
    noisy = []
    for samples in clean:
        level = np.sqrt(np.mean(samples**2)) * 10 ** (NOISE_DB / 20)
        noisy.append(samples + rng.normal(0, level, len(samples)))
    pause = np.zeros(whisper.RATE_HZ // 2)
    return [
        np.clip(np.concatenate([samples, pause]), -32768, 32767).astype(np.int16) for samples in clean + noisy
    ]


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
