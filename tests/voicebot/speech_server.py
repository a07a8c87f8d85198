"""A stand-in for the speech endpoint of the OpenAI API, which fails as its texts tell it to.

Speaks every text as a tone of 440 Hz. A word of `FAULTS` in the text is what goes wrong with it.
"""

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.servers import listening

FAULTS = ("breaks", "hangs", "stalls", "cut", "empty", "short", "page", "narrow", "wave")
TONE_HZ = 440
SECS_PER_LETTER = 0.03


def tone(letters: int, rate_hz: int) -> bytes:
    """Mono int16 PCM."""
    times = np.arange(int(letters * SECS_PER_LETTER * rate_hz)) / rate_hz
    return (np.sin(2 * np.pi * TONE_HZ * times) * 8000).astype(np.int16).tobytes()


def wav_header(rate_hz: int) -> bytes:
    """As streaming servers write it: the length is not known yet."""
    size = b"\xff\xff\xff\xff"
    form = np.array([1, 1], "<u2").tobytes() + np.array([rate_hz, 2 * rate_hz], "<u4").tobytes()
    return b"RIFF" + size + b"WAVEfmt " + b"\x10\0\0\0" + form + b"\x02\0\x10\0" + b"data" + size


class SpeechServer:
    """What it was asked to say, in order; `release` lets go of everybody who waits for it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.release = threading.Event()
        self.url = ""

    def fault_of(self, text: str) -> str:
        words = text.lower().replace(".", " ").replace(",", " ").split()
        return next((fault for fault in FAULTS if fault in words), "")


def handler_of(server: SpeechServer) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
            server.asked.append(text)
            with contextlib.suppress(OSError):
                getattr(self, f"say_{server.fault_of(text)}", self.say)(text)

        def begin(self, kind: str = "audio/pcm", length: int | None = None, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if length is not None:
                self.send_header("Content-Length", str(length))
            self.end_headers()

        def say(self, text: str) -> None:
            pcm = tone(len(text), 24_000)
            self.begin(length=len(pcm))
            self.wfile.write(pcm)

        def say_breaks(self, _text: str) -> None:
            self.begin("application/json", 2, 500)
            self.wfile.write(b"{}")

        def say_hangs(self, _text: str) -> None:
            server.release.wait(60)

        def say_stalls(self, text: str) -> None:
            pcm = tone(len(text), 24_000)
            self.begin(length=len(pcm))
            self.wfile.write(pcm[: len(pcm) // 2])
            server.release.wait(60)

        def say_cut(self, text: str) -> None:
            pcm = tone(len(text), 24_000)
            self.begin(length=len(pcm))
            self.wfile.write(pcm[: len(pcm) // 2])

        def say_short(self, text: str) -> None:
            self.begin()
            self.wfile.write(tone(len(text), 24_000)[:2400])

        def say_empty(self, _text: str) -> None:
            self.begin(length=0)

        def say_page(self, _text: str) -> None:
            page = b"<html>" + b"It works! " * 5000
            self.begin("text/html", len(page))
            self.wfile.write(page)

        def say_narrow(self, text: str) -> None:
            pcm = tone(len(text), 16_000)
            self.begin("audio/pcm;rate=16000;channels=1", len(pcm))
            self.wfile.write(pcm)

        def say_wave(self, text: str) -> None:
            self.begin("audio/wav")
            self.wfile.write(wav_header(16_000)[:20])
            self.wfile.flush()
            time.sleep(0.05)  # the header comes in two pieces
            self.wfile.write(wav_header(16_000)[20:] + tone(len(text), 16_000))

    return Handler


@contextlib.contextmanager
def speech_server() -> Iterator[SpeechServer]:
    server = SpeechServer()
    with listening(handler_of(server)) as url:
        server.url = f"{url}/v1"
        try:
            yield server
        finally:
            server.release.set()
