"""Chromium, as the tests, benchmarks and pictures start it: with a microphone that plays a recording."""

import os
import shutil
import wave
from pathlib import Path
from typing import Any

from tests.visitors import RATE_HZ

# Loopback by another name: browsers take it for another machine, which over http is insecure.
INSECURE_HOST = "greenroom.test"
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the cheapest first
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
    f"--host-resolver-rules=MAP {INSECURE_HOST} 127.0.0.1",
    "--use-fake-device-for-media-stream",
]


def launching(microphone: Path, *more: str, allow: bool = True) -> dict[str, Any]:
    """The arguments of Playwright's `launch`, with `more` of Chromium's; without `allow`, no microphone."""
    answer = "--use-fake-ui-for-media-stream" if allow else "--deny-permission-prompts"
    return {
        "executable_path": os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None),
        "args": [*ARGS, f"--use-file-for-fake-audio-capture={microphone}", answer, *more],
    }


def recording(path: Path, pcm: bytes) -> Path:
    """A WAV of 16-bit samples at RATE_HZ, one channel."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(pcm)
    return path


def quiet(folder: Path) -> Path:
    """A minute of silence: the built-in fake microphone beeps, and beeps are answered."""
    return recording(folder / "quiet.wav", bytes(2 * RATE_HZ * 60))
