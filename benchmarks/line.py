"""A conversation over bad lines, in a real browser: `python -m benchmarks.line [--turns 8] [--only NAME]`.

Server and Chromium each have a network namespace; between them is an emulated line. Prints for each line the
gaps over 0.1 s within replies, the time from a typed turn to the first sound (or word), and the rate of the
sound.
Needs root, iproute2, /dev/net/tun and Chromium (CHROMIUM).
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.emulated_line import SERVER, EmulatedLine, Quality, entered

LINES = (
    Quality("clean"),
    Quality("80 ms, 3 % loss", delay_secs=0.08, loss=0.03),
    Quality("300 ms", delay_secs=0.3),
    Quality("256 kbit/s", kbit_per_sec=256),
    Quality("64 kbit/s", kbit_per_sec=64),
)
GAP_SECS = 0.1
ANSWER_SECS = 60
CALL = "window.greenroom.call"

# Pauses that the player makes within a reply, and the first sound after a question.
LISTEN_JS = """() => {
  const call = window.greenroom.call;
  const found = (window.found = { gaps: [], soundAt: 0, rates: [] });
  const report = call.player._onReport;
  let ended = true;
  let played = false;
  let silentAt = 0;
  call.player._onReport = (now) => {
    if (!now.playing && !call._botSpeaking) ended = true;
    if (now.playing && !played) {
      if (!ended) found.gaps.push(Math.min(now.gapSecs, (performance.now() - silentAt) / 1000 + 0.05));
      ended = false;
    }
    if (played && !now.playing) silentAt = performance.now();
    played = now.playing;
    if (now.playing && now.level > 0.01) found.soundAt ||= performance.now();
    if (found.rates.at(-1) !== call.line.rate.hz) found.rates.push(call.line.rate.hz);
    report(now);
  };
}"""
ASK_JS = """(words) => {
  const call = window.greenroom.call;
  window.found.soundAt = window.found.wordAt = 0;
  const before = call.transcript.turns.length;
  const asked = performance.now();
  if (!call.say(words)) throw new Error("the line is down");
  call.addEventListener("change", function look() {
    const turns = call.transcript.turns;
    if (turns.length < before + 2 || turns.at(-1).who !== "character") return;
    window.found.wordAt = performance.now();
    call.removeEventListener("change", look);
  });
  return asked;
}"""
IS_OVER = f"{CALL}.state === 'listening' && window.found.wordAt > 0"


def talk(page: Any, url: str, turns: int) -> dict[str, Any]:
    """One conversation; what the page measured."""
    page.goto(f"{url}/talk/captain-marlow/", wait_until="load", timeout=180_000)
    page.evaluate(LISTEN_JS)
    pressed = time.monotonic()
    page.click("#begin")
    page.wait_for_function(f"{CALL}.line.ready && {CALL}.state === 'listening'", timeout=1000 * ANSWER_SECS)
    greeted = time.monotonic() - pressed
    sounds, words = [], []
    for turn in range(turns):
        asked = page.evaluate(ASK_JS, f"And what then, after {turn}?")
        page.wait_for_function(IS_OVER, timeout=1000 * ANSWER_SECS)
        found = page.evaluate("window.found")
        words.append((found["wordAt"] - asked) / 1000)
        if found["soundAt"]:
            sounds.append((found["soundAt"] - asked) / 1000)
    found = page.evaluate("window.found")
    page.click("#end")
    return {
        "greeted": greeted,
        "gaps": [gap for gap in found["gaps"] if gap > GAP_SECS],
        "sounds": sounds,
        "words": words,
        "rates": found["rates"] or [page.evaluate(f"{CALL}.line.rate.hz")],
    }


def row(quality: Quality, found: dict[str, Any]) -> str:
    gaps, sounds, words = found["gaps"], found["sounds"], found["words"]
    heard = f"{statistics.median(sounds):.2f} / {max(sounds):.2f}" if sounds else "no sound"
    return (
        f"| {quality.name} | {len(gaps)} | {sum(gaps):.2f} | {heard} "
        f"| {statistics.median(words):.2f} / {max(words):.2f} | {' → '.join(map(str, found['rates']))} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--turns", type=int, default=8)
    parser.add_argument("--only", default="", help="lines whose name begins so")
    parser.add_argument("--calls", action="store_true", help="lets the page call where it can")
    parser.add_argument("--congestion", default="", help="TCP's congestion control, if not the system's own")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from playwright.sync_api import sync_playwright

    django.setup()

    from tests.chromium import launching, quiet
    from tests.databases import stage_database
    from tests.servers import Server

    print(f"{options.turns} typed turns each; delay, loss and rate in each direction", flush=True)
    print("| line | gaps over 0.1 s | s in all | s to sound, median / most | s to words | Hz |", flush=True)
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as name, EmulatedLine(options.congestion) as line:
        print(f"congestion control: {line.congestion}", flush=True)
        os.environ["ALLOWED_HOSTS"] = f"127.0.0.1,{SERVER}"
        with stage_database(f"greenroom_line_{os.getpid()}", Path(name)) as database:
            server = Server(Path(name) / "log", database, cold=True, DATA_DIR=name)
            server.host = "0.0.0.0"  # noqa: S104  (of a namespace of its own)
            with entered(line.server):
                server.start()
            url = f"http://{SERVER}:{server.port}"
            try:
                with entered(line.client), sync_playwright() as playwright:
                    for quality in LINES:
                        if not quality.name.startswith(options.only):
                            continue
                        line.quality = quality
                        secure = f"--unsafely-treat-insecure-origin-as-secure={url}"
                        browser = playwright.chromium.launch(**launching(quiet(Path(name)), secure))
                        try:
                            page = browser.new_page(bypass_csp=True)
                            if not options.calls:
                                page.add_init_script("delete window.RTCPeerConnection")
                            print(row(quality, talk(page, url, options.turns)), flush=True)
                        finally:
                            browser.close()
            finally:
                server.stop()


if __name__ == "__main__":
    main()
