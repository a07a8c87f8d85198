"""Renders the demo portraits, drawn as SVG, to the WebP files that `seed_demo` puts on stage.

    .venv/bin/python scripts/draw_portraits.py

Needs Chromium; run it after changing a drawing and commit both files.
"""

import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

DEMO = Path(__file__).parent.parent / "characters" / "demo"
SIDE = 768


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": SIDE, "height": SIDE})
        for drawing in sorted(DEMO.glob("*.svg")):
            page.set_content(
                f"<style>*{{margin:0}}svg{{display:block;width:{SIDE}px}}</style>{drawing.read_text()}"
            )
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            target = drawing.with_suffix(".webp")
            picture.save(target, "WEBP", quality=86, method=6)
            print(f"{target.name}: {target.stat().st_size // 1024} KB")
        browser.close()


if __name__ == "__main__":
    main()
