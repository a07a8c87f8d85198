"""A call as the page has it: `python -m benchmarks.page_call [--times 6]`.

Prints how long the character still sounds when a visitor begins to speak, how long after its sound has begun
a word of the caption lights, and how long a restart of the server lasts for a visitor who is in a call. Real
server, real Chromium; scripted services, and a voice whose words all last 0.4 s.
"""

import argparse
import os
import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import django

from tests.chromium import launching, recording
from tests.visitors import RATE_HZ

CALL = "window.greenroom.call"
VOICE = "benchmarks.timed_voice.TimedVoice"
# Of quiet around a question and what is said into its answer.
BEFORE_SECS, BETWEEN_SECS, AFTER_SECS = 8.0, 1.2, 7.0

# When the visitor begins to speak, as the page hears it, and the voice stops; when it begins, what lights.
LISTEN_JS = """() => {
  const call = window.greenroom.call;
  const found = (window.found = { barges: [], sentences: [] });
  let quietSince = performance.now();
  let onset = 0;
  const take = call.media._take.bind(call.media);
  call.media._take = (pcm) => {
    const now = performance.now();
    const samples = new Int16Array(pcm);
    const first = samples.findIndex((sample) => Math.abs(sample) > 800);
    if (first >= 0) {
      const began = now - (1000 * (samples.length - first)) / 16000;
      if (now - quietSince > 600 && call.sound.playing) onset = began;
      quietSince = now;
    }
    take(pcm);
  };
  const flush = call.player.flush.bind(call.player);
  call.player.flush = () => {
    if (onset && call.sound.playing) found.barges.push(performance.now() + 5 - onset); // faded out
    onset = 0;
    flush();
  };
  const report = call.player._onReport;
  call.player._onReport = (now) => {
    const sentence = found.sentences.at(-1);
    if (now.playing && !call.sound.playing && sentence) sentence.playedAt ||= performance.now() - 50;
    report(now);
  };
  let before = "";
  const look = () => {
    const character = document.getElementById("caption").dataset.who === "character";
    const words = character ? document.getElementById("caption-spoken").textContent : "";
    if (words !== before && words) {
      const count = words.trim().split(/\\s+/).length;
      if (count === 1) found.sentences.push({ playedAt: 0, lit: [] });
      const lit = found.sentences.at(-1)?.lit;
      if (lit && count === lit.length + 1) lit.push(performance.now());
    }
    before = words;
    requestAnimationFrame(look);
  };
  look();
}"""


def interrupting(path: Path, question: bytes, times: int) -> Path:
    """A microphone into which a question is asked, and its answer spoken into, again and again."""
    before, between, after = (
        bytes(2 * int(RATE_HZ * secs)) for secs in (BEFORE_SECS, BETWEEN_SECS, AFTER_SECS)
    )
    return recording(path, before + (question + between + question + after) * times)


def call(page: Any, server: Any, times: int) -> dict[str, list[float]]:
    """Barge-ins and words of one conversation."""
    page.goto(f"{server.url}/talk/captain-marlow/")
    page.evaluate(LISTEN_JS)
    page.click("#begin")
    page.wait_for_function(f"window.found.barges.length >= {times}", timeout=1000 * (30 + 20 * times))
    return dict(page.evaluate("window.found"))


def restart(page: Any, server: Any, *, speaking: bool) -> dict[str, float]:
    """Seconds from SIGTERM until one talks again; until the old process has gone, until the new one is ready.

    A new interpreter follows the old process at once, as any supervisor has it.
    """
    page.wait_for_function(f"{CALL}.line.ready && {CALL}.state === 'listening'", timeout=60_000)
    page.evaluate(f"{CALL}.say('And then?')")
    page.wait_for_function(f"{CALL}.state === 'speaking'")
    if not speaking:
        page.wait_for_function(f"{CALL}.state === 'listening'")
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(30)
    stopped = time.monotonic() - began
    server.start()
    ready = time.monotonic() - began
    talks = f"{CALL}.line.ready && ['listening', 'speaking'].includes({CALL}.state)"
    page.wait_for_function(talks, timeout=60_000)
    return {"stopped": stopped, "ready": ready, "back": time.monotonic() - began}


def measure(times: int = 6) -> dict[str, Any]:
    """`barge_ms`, `word_secs` (how long after its sound has begun a word lights), `restarts` (seconds)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from playwright.sync_api import sync_playwright

    from benchmarks.timed_voice import WORD_SECS
    from tests.databases import stage_database
    from tests.servers import Server
    from tests.visitors import speech

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        microphone = interrupting(folder / "microphone.wav", speech().tobytes(), times + 3)
        with stage_database(f"greenroom_page_call_{os.getpid()}", folder) as database:
            more = {"DATA_DIR": name, "TTS_PROVIDER": VOICE, "PROVIDER_PACKAGES": "benchmarks"}
            server = Server(folder / "log", database, cold=True, **more).start()
            browser = playwright.chromium.launch(**launching(microphone))
            try:
                page = browser.new_page(bypass_csp=True)
                found = call(page, server, times)
                page.evaluate(f"{CALL}.mute(true)")
                page.wait_for_timeout(6000)  # for an answer to what was spoken last
                restarts = {
                    "listening": restart(page, server, speaking=False),
                    "speaking": restart(page, server, speaking=True),
                }
            finally:
                browser.close()
                server.stop()
    return {
        "barge_ms": found["barges"],
        # Of a reply's first sentence: when the next one begins to sound nobody here knows.
        "word_secs": [
            (at - sentence["playedAt"]) / 1000 - WORD_SECS * word
            for sentence in found["sentences"]
            if sentence["playedAt"] and abs(sentence["lit"][0] - sentence["playedAt"]) < 1000
            for word, at in enumerate(sentence["lit"])
        ],
        "restarts": restarts,
    }


def table(found: dict[str, Any]) -> str:
    rows = ["| what | median | least | most | n |", "| --- | --- | --- | --- | --- |"]
    for name, values in (
        ("first syllable to silence, ms", found["barge_ms"]),
        ("word's sound to its light, s", found["word_secs"]),
    ):
        if values:
            shown = (statistics.median(values), min(values), max(values))
            rows.append(f"| {name} | {' | '.join(f'{value:.3g}' for value in shown)} | {len(values)} |")
    for when, parts in found["restarts"].items():
        rows += [
            f"| SIGTERM while {when} to {name}, s | {secs:.1f} | | | 1 |" for name, secs in parts.items()
        ]
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--times", type=int, default=6, help="that a visitor speaks into an answer")
    print(table(measure(parser.parse_args().times)))


if __name__ == "__main__":
    main()
