"""Clips of a person: prompts read for a telephone exchange, their pauses in mid-sentence made longer.

The recordings are of Debian's package asterisk-core-sounds-en-wav (Allison Smith, CC-BY-SA-3.0), which is
used to measure and not shipped: `apt-get download asterisk-core-sounds-en-wav`, then `dpkg -x FILE.deb DIR`.
Where she pauses is found by energy; which pauses are in mid-sentence was written here by the words that
Whisper heard around them. She does not hesitate: her pauses of 0.2 to 0.4 s are replaced by longer ones.
"""

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr

from benchmarks.pause_clips import PAUSES_SECS, QUIET_SECS, RATE_HZ, Clip

STEP = RATE_HZ // 100
LEAST_QUIET_STEPS, LEAST_LOUD_STEPS = 18, 15
QUIETER = 0.03  # of the loud parts: quiet
AROUND_STEPS = 5  # of a part that are kept, before it and behind it
# Of each recording: the parts by energy, counted from 0, that make up each sentence.
SENTENCES: dict[str, tuple[tuple[int, ...], ...]] = {
    "demo-instruct": ((0,), (1, 2, 3), (4, 5, 6, 7)),
    "priv-callee-options": ((0, 1), (3,), (4, 5), (6,)),
    "demo-congrats": ((0,), (1,), (2, 3), (4, 5), (6, 7)),
    "basic-pbx-ivr-main": ((0,), (1,), (3, 4), (5,), (6, 7)),
    "demo-echotest": ((0,), (1, 2), (3, 4), (5,)),
    "conf-adminmenu-18": ((0,), (3, 4), (6, 7)),
    "conf-adminmenu-162": ((0,), (3, 4), (5,), (6,)),
    "conf-adminmenu": ((0,), (3, 4), (5,)),
    "conf-usermenu-162": ((0,), (1, 2), (4, 5), (6, 7)),
    "screen-callee-options": ((0,), (2, 3)),
    "vm-options": ((0,), (1,), (2,)),
    "demo-abouttotry": ((0,), (1, 2), (3,)),
    "demo-moreinfo": ((0, 1), (2, 3, 4)),
    "vm-msginstruct": ((0,), (1,), (2,), (3, 4), (5,)),
    "conf-usermenu": ((0,), (1, 2), (3,)),
    "dir-intro-fn": ((0,), (1,), (2, 3)),
    "dir-intro": ((0,), (1, 2), (3, 4)),
    "vm-opts-full": ((0,), (1,), (2,)),
    "confbridge-mute-extended": ((1,), (2,)),
    "demo-nogo": ((0,), (1,)),
    "tt-allbusy": ((0,), (1,)),
    "queue-periodic-announce": ((0,), (1, 2)),
    "vm-review": ((0,), (1,), (2,)),
    "vm-opts": ((0,), (1,), (2,)),
    "vm-instructions": ((0,), (1, 2)),
    "vm-record-prepend": ((0, 1),),
    "confbridge-lock-extended": ((1, 2),),
    "demo-enterkeywords": ((0, 1),),
    "dir-instr": ((0, 1), (2, 3)),
    "vm-tempgreeting2": ((0, 1),),
    "vm-newuser": ((0,), (1, 2)),
    "dir-usingkeypad": ((0, 1),),
    "vm-forwardoptions": ((0, 1),),
    "vm-invalid-password": ((0,), (1,)),
    "vm-intro": ((0,), (1, 2)),
    "demo-thanks": ((0,), (1,)),
    "agent-alreadyon": ((0,), (1,)),
    "vm-rec-temp": ((0, 1),),
    "vm-rec-unv": ((0, 1),),
    "queue-youarenext": ((0, 1),),
    "vm-saveoper": ((0,), (1, 2)),
    "vm-nobox": ((0,),),
    "agent-incorrect": ((1,),),
    "confbridge-pin": ((0,),),
}


def _heard(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float64)
        return soxr.resample(samples, file.getframerate(), RATE_HZ)[: 30 * RATE_HZ]


def parts_of(samples: np.ndarray) -> list[tuple[int, int]]:
    """Where something is said between pauses, in samples."""
    steps = samples[: len(samples) // STEP * STEP].reshape(-1, STEP)
    rms = np.sqrt(np.mean(steps**2, axis=1))
    parts: list[list[int]] = []
    for at in np.flatnonzero(rms > QUIETER * np.quantile(rms, 0.95)):
        if parts and at - parts[-1][1] < LEAST_QUIET_STEPS:
            parts[-1][1] = int(at) + 1
        else:
            parts.append([int(at), int(at) + 1])
    return [(a * STEP, b * STEP) for a, b in parts if b - a > LEAST_LOUD_STEPS]


def clips(folder: Path) -> Iterator[Clip]:
    """Each sentence as a clip, its pauses made 0.5 to 1.5 s long."""
    found = {path.stem: path for path in folder.rglob("*.wav")}
    number = 0
    for name, sentences in SENTENCES.items():
        samples = _heard(found[name])
        parts = parts_of(samples)
        for sentence in sentences:
            yield _clip(f"{name}-{sentence[0]}", number, samples, [parts[place] for place in sentence])
            number += 1


def _clip(name: str, number: int, samples: np.ndarray, parts: list[tuple[int, int]]) -> Clip:
    rng = np.random.default_rng(number)
    sound, said, at = [np.zeros(RATE_HZ // 2)], [], RATE_HZ // 2
    for place, (first, last) in enumerate(parts):
        begin, end = max(0, first - AROUND_STEPS * STEP), last + AROUND_STEPS * STEP
        pause = QUIET_SECS if place == len(parts) - 1 else rng.choice(PAUSES_SECS)
        speech = samples[begin:end]
        sound += [speech, np.zeros(int(pause * RATE_HZ))]
        said.append((at + AROUND_STEPS * STEP, at + len(speech) - AROUND_STEPS * STEP))
        at += len(speech) + int(pause * RATE_HZ)
    heard = np.concatenate(sound)
    pcm = np.clip(heard + rng.normal(0, 4, len(heard)), -32768, 32767).astype(np.int16)
    return Clip(name, "en", number, pcm, tuple(said), ())
