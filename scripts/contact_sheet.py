"""Every state of the stage, in both themes and both sizes, on one sheet: docs/images/states.webp.

make screenshot        # runs this, too
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from scripts.screenshots import CALL, OUT, open_browser  # noqa: E402
from tests.servers import Server  # noqa: E402

SIZES = {"desk": (1280, 800), "phone": (390, 844)}
SHOWN_HEIGHT = 300
MARGIN, LABEL = 10, 22
# What the page is told; it draws the rest itself, as it would in a conversation.
SAID = "Ahoy there, friend. I am Captain Marlow."
STATES: dict[str, str] = {
    "waiting": "",
    "connecting": "call._become('connecting')",
    "listening": "heard('Did you ever meet the'); call.levels.visitor = 0.2; call._become('listening')",
    "thinking": "heard('Did you ever meet the kraken?', true); call._become('thinking')",
    "speaking": "said(20); call.levels.character = 0.25; call._become('speaking')",
    "muted": "call.muted = true; call._become('listening')",
    "push to talk": "call.settings.mode = 'push'; call._become('listening')",
    "no microphone": "call.microphone = false; call.refusal = 'NotAllowedError'; call._become('listening')",
    "gone": "said(20); call.line.retryAt = Date.now() + 3500; call._become('gone')",
    "draining": "call.line.draining = true; call._become('listening')",
    "quiet": "call._become('listening'); call.closesAt = Date.now() + 20500; call._changed()",
    "full": "call._become('full')",
    "replaced": "call._become('replaced')",
    "expired": "call._become('over')",
    "ended": "said(40); call.line.session = 'x'; call.begunAt = Date.now() - 95000; call._become('ended')",
}
PREPARE = f"""
const call = {CALL};
const heard = (text, final = false) => call.transcript.heard(text, final);
const said = (upto) => call.transcript.said({{ text: "{SAID}", segment_id: 1,
  spoken_progress: {{ accumulated_text: "{SAID}".slice(0, upto), remaining_text: "" }} }});
"""


def shoot(page: Page, url: str, act: str) -> Image.Image:
    page.goto(url)
    page.evaluate(f"() => {{ {PREPARE} {act} }}")
    page.wait_for_timeout(350)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return picture.resize((picture.width * SHOWN_HEIGHT // picture.height, SHOWN_HEIGHT), Image.LANCZOS)


def spec(rows: list[tuple[str, list[Image.Image]]]) -> Image.Image:
    width = max(sum(i.width + MARGIN for i in images) for _, images in rows) + MARGIN
    whole = Image.new("RGB", (width, len(rows) * (SHOWN_HEIGHT + LABEL + MARGIN) + MARGIN), "#3a473f")
    pen = ImageDraw.Draw(whole)
    for number, (label, images) in enumerate(rows):
        top, left = MARGIN + number * (SHOWN_HEIGHT + LABEL + MARGIN), MARGIN
        pen.text((left, top + 4), label, fill="#eef2ec")
        for image in images:
            whole.paste(image, (left, top + LABEL))
            left += image.width + MARGIN
    return whole


def main() -> None:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        server = Server(folder / "log", "", DATA_DIR=name, LOG_LEVEL="INFO").start()
        browser = open_browser(playwright, folder)
        try:
            pages = [
                browser.new_page(viewport={"width": w, "height": h}, color_scheme=scheme)
                for scheme in ("dark", "light")
                for w, h in SIZES.values()
            ]
            url = f"{server.url}/talk/captain-marlow/"
            rows = [(state, [shoot(page, url, act) for page in pages]) for state, act in STATES.items()]
            OUT.mkdir(parents=True, exist_ok=True)
            spec(rows).save(OUT / "states.webp", "WEBP", quality=80, method=6)
            print(f"docs/images/states.webp: {len(rows)} states, two themes, two sizes")
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
