"""Every state of the stage at every size, on three sheets: docs/images/states-{dark,light,chinese}.webp.

make screenshot        # runs this, too
"""

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from scripts.screenshots import OUT, open_browser  # noqa: E402
from tests.browser.shown import PREPARE, STATES  # noqa: E402
from tests.servers import Server  # noqa: E402

SIZES = {
    "320 by 568": (320, 568),
    "390 by 844": (390, 844),
    "667 by 375": (667, 375),
    "200 % of 1280 by 800": (640, 400),
    "1024 by 768": (1024, 768),
    "1440 by 900": (1440, 900),
}
SHEETS: dict[str, dict[str, Any]] = {
    "dark": {"color_scheme": "dark", "locale": "en-US"},
    "light": {"color_scheme": "light", "locale": "en-US"},
    "chinese": {"color_scheme": "light", "locale": "zh-CN"},
}
SHOWN_HEIGHT = 200
MARGIN, LABEL = 8, 18
QUALITY = 18
SETTLE_MS = 300
GROUND, INK = "#3a473f", "#eef2ec"


def shoot(page: Page, url: str, state: str) -> list[Image.Image]:
    """The state at every size, each as high as the others."""
    page.goto(url)
    page.evaluate(f"() => {{ {PREPARE} {STATES[state]} }}")
    images = []
    for width, height in SIZES.values():
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(SETTLE_MS)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        images.append(picture.resize((width * SHOWN_HEIGHT // height, SHOWN_HEIGHT), Image.LANCZOS))
    return images


def sheet(rows: dict[str, list[Image.Image]]) -> Image.Image:
    """A row for each state, under its name; above them the sizes."""
    first = next(iter(rows.values()))
    width = sum(image.width + MARGIN for image in first) + MARGIN
    row_height = SHOWN_HEIGHT + LABEL + MARGIN
    whole = Image.new("RGB", (width, LABEL + len(rows) * row_height + MARGIN), GROUND)
    pen = ImageDraw.Draw(whole)
    left = MARGIN
    for size, image in zip(SIZES, first, strict=True):
        pen.text((left, 4), size, fill=INK)
        left += image.width + MARGIN
    for number, (state, images) in enumerate(rows.items()):
        top, left = LABEL + number * row_height, MARGIN
        pen.text((left, top + 4), state, fill=INK)
        for image in images:
            whole.paste(image, (left, top + LABEL))
            left += image.width + MARGIN
    return whole


def draw(browser: Browser, url: str, name: str) -> None:
    page = browser.new_page(bypass_csp=True, service_workers="block", **SHEETS[name])
    rows = {state: shoot(page, url, state) for state in STATES}
    page.close()
    path = OUT / f"states-{name}.webp"
    sheet(rows).save(path, "WEBP", quality=QUALITY, method=6)
    size_kb = path.stat().st_size // 1024
    print(f"{path.relative_to(ROOT)}: {len(rows)} states, {len(SIZES)} sizes, {size_kb} KB")


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        server = Server(folder / "log", "", DATA_DIR=name, LOG_LEVEL="INFO").start()
        browser = open_browser(playwright, folder)
        try:
            for sheet_name in sys.argv[1:] or SHEETS:
                draw(browser, f"{server.url}/talk/captain-marlow/", sheet_name)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
