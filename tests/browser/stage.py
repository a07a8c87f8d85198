"""What the tests of the stage share: opening it, and reading what the page knows."""

import contextlib
import http.server
from collections.abc import Iterator
from pathlib import Path

from tests.chromium import recording
from tests.patience import PATIENCE_SECS
from tests.servers import listening
from tests.visitors import RATE_HZ, speech

CALL = "window.greenroom.call"


async def lines(page) -> list[dict]:
    return await page.evaluate(
        f"{CALL}.transcript.lines.map((l) => ({{who: l.who, text: l.text, cut: l.cut}}))"
    )


async def state_is(page, *states: str, secs: float = PATIENCE_SECS) -> None:
    await page.wait_for_function(
        f"(states) => states.includes({CALL}.state)", arg=list(states), timeout=secs * 1000
    )


async def audible(page) -> int:
    return await page.evaluate(f"{CALL}.sound.heard")


async def hang_up(page) -> None:
    """Ends the conversation, without the seconds in which it could be taken back."""
    await page.click("#end")
    await page.locator("#end-now:visible, #again:visible").first.wait_for()
    if await page.is_visible("#end-now"):
        await page.click("#end-now")


async def on_stage(page, server, slug: str = "captain-marlow") -> None:
    """Opens the stage and begins; what the console complains about is in `page.complaints`."""
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
    await page.goto(f"{server.url}/talk/{slug}/")
    await page.click("#begin")


def talkative(path: Path, pause_secs: float = 3, times: int = 12) -> Path:
    """A microphone into which the same question is asked again and again."""
    return recording(path, (bytes(2 * int(RATE_HZ * pause_secs)) + speech().tobytes()) * times)


@contextlib.contextmanager
def another_site(files: dict[str, str]) -> Iterator[str]:
    """A site of its own origin with these pages; its origin."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files.get(self.path.split("?")[0])
            self.send_response(200 if body is not None else 404)
            kind = "text/javascript" if self.path.endswith(".js") else "text/html; charset=utf-8"
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, *_: object) -> None:
            pass

    with listening(Handler) as origin:
        yield origin
