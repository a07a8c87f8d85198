"""Takes the pictures in the README and the docs, of a server that it starts for itself.

make screenshot        # writes docs/images/; needs what `make test` installs
"""

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
from tests.chromium import launching, quiet  # noqa: E402  (the same browser and server that the tests start)
from tests.servers import Server  # noqa: E402

OUT = ROOT / "docs" / "images"
CALL = "window.greenroom.call"
PASSWORD = "only-for-these-pictures"  # noqa: S105
# Two weeks of a small house, the same on every run; and a draft that differs from what is on stage.
SAMPLE = f"""
import random
from datetime import timedelta
from uuid import uuid4
from django.contrib.auth import get_user_model
from django.utils import timezone
from characters.versions import publishing
from characters.models import Character
from sessions_app.session import Turn
from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession, SessionTurn
user = get_user_model().objects.get(username="admin")
user.set_password("{PASSWORD}")
user.save()
dice = random.Random(7)
manager = SyncSessionManager()
for back in range(14):
    for number in range(dice.randint(3, 9) + (4 if back % 7 in (0, 1) else 0)):
        session = manager.create(character="captain-marlow", visitor=f"anon:{{back}}-{{number}}")
        when = timezone.now() - timedelta(days=back, minutes=dice.randint(1, 600))
        turns = [Turn(n, "assistant", "x", False, when, "captain-marlow@1", int(dice.gauss(900, 220)))
                 for n in range(1, dice.randint(4, 12))]
        manager.append(session.id, turns)
        state = "active" if back == 0 and number < 2 else "ended"
        VoiceSession.objects.filter(pk=session.id).update(
            created_at=when, state=state, connected_secs=dice.randint(60, 900),
            active_at=timezone.now() if state == "active" else when, errors=int(dice.random() < 0.06))
marlow = Character.objects.get(slug="captain-marlow")
marlow.greeting = "Ahoy there, friend. I am Captain Marlow. Pull up a barrel and tell me more."
marlow.save()
publishing.changed_draft(marlow)
publishing.publish(marlow, note="A greeting that asks more", author=user)
marlow.personality = "Gruff at first, warm after the second question."
marlow.save()
publishing.changed_draft(marlow)
"""


def open_browser(playwright: Playwright, folder: Path) -> Browser:
    return playwright.chromium.launch(**launching(quiet(folder)))


def save(picture: bytes, name: str) -> None:
    path = OUT / f"{name}.webp"
    Image.open(io.BytesIO(picture)).convert("RGB").save(path, "WEBP", quality=82, method=6)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KB")


def visit(page: Page, url: str, scheme: str) -> None:
    """The visitor's side: gallery, a character's page, the stage."""
    page.goto(url)
    page.get_by_role("link", name="Captain Marlow Forty").hover()
    page.wait_for_timeout(400)
    save(page.screenshot(), f"gallery-{scheme}")
    page.goto(f"{url}/characters/captain-marlow/")
    page.wait_for_timeout(300)
    save(page.screenshot(), f"character-{scheme}")
    page.goto(f"{url}/talk/captain-marlow/")
    if scheme == "dark":
        page.click("#transcript-toggle")
    page.click("#begin")
    page.wait_for_function(f"{CALL}.transcript.current?.spoken.length > 40", timeout=60_000)
    save(page.screenshot(), f"stage-{scheme}")


def edit(page: Page, url: str, scheme: str) -> None:
    """The editor's side: dashboard, list, form with rehearsal, differences."""
    page.goto(f"{url}/admin/login/?next=/admin/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.evaluate(f"localStorage.setItem('_x_adminTheme', '\"{scheme}\"')")
    page.reload()
    page.wait_for_timeout(1500)
    save(page.screenshot(), f"dashboard-{scheme}")
    page.goto(f"{url}/admin/characters/character/")
    page.wait_for_timeout(300)
    save(page.screenshot(), f"characters-{scheme}")
    page.get_by_role("link", name="Captain Marlow").first.click()
    page.fill(
        "#desk-talk", "Visitor: Did you ever meet a pirate?\nCharacter: Too many.\nVisitor: And the kraken?"
    )
    page.wait_for_selector("#desk-lore li.fired")
    page.set_viewport_size({"width": 1360, "height": 1900})
    page.wait_for_timeout(300)
    save(page.screenshot(), f"editor-{scheme}")
    page.set_viewport_size({"width": 1360, "height": 900})
    page.goto(page.url.split("/change")[0] + "/versions/diff/?a=1&b=draft")
    save(page.screenshot(), f"differences-{scheme}")


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        provider = os.environ.get("DEFAULT_PROVIDER", "local")
        server = Server(
            folder / "log", "", DATA_DIR=name, DEFAULT_PROVIDER=provider, LOG_LEVEL="INFO"
        ).start()
        try:
            subprocess.run(
                [sys.executable, "manage.py", "shell", "-c", SAMPLE],
                cwd=ROOT,
                env=server.environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            for scheme, size in (("dark", (1280, 800)), ("light", (390, 844))):
                browser = open_browser(playwright, folder)
                # Playwright's own waiting evaluates strings, which our policy forbids.
                look: dict[str, Any] = {"color_scheme": scheme, "bypass_csp": True}
                small = {"width": size[0], "height": size[1]}
                page = browser.new_page(viewport=small, device_scale_factor=1.5, **look)
                visit(page, server.url, scheme)
                desk = {"width": 1360, "height": 900}
                edit(browser.new_page(viewport=desk, **look), server.url, scheme)
                browser.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
