"""Documents at the desk in a browser: a file is dropped, its progress is seen, it is read, looked at, taken away."""

import os

import pytest

from tests.browser.test_desk import cookie, desk, desk_server, editor  # noqa: F401  (fixtures)
from tests.browser.test_desk_editing import axe
from tests.browser.test_small_desk import BEYOND
from tests.voicebot.documents.shelves import LOG

NAME = "Pearl Diver"
MAKE = """
from characters.models import Character
from tests.characters.factory import make_character
if not Character.objects.filter(slug="pearl").exists():
    make_character(slug="pearl", name="Pearl Diver")
"""
WORDS = {"en": ("Take away", "ready", "It is empty."), "zh-hans": ("拿走", "可用", "文件是空的。")}
PICTURES = os.environ.get("DESK_PICTURES", "")  # a folder, for whoever wants to look


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("zh-hans", 390)])
async def test_a_writer_drops_files_sees_them_read_and_takes_one_away(
    desk,  # noqa: F811
    desk_server,  # noqa: F811
    language,
    width,
):
    desk_server.command("shell", "-c", MAKE)
    away, ready, empty = WORDS[language]
    async with editor(desk, NAME) as page:
        await page.set_viewport_size({"width": width, "height": 844})
        spoken = {"name": "django_language", "value": language, "url": desk_server.url}
        await page.context.add_cookies([spoken])
        await page.reload()
        files = [("log.md", LOG.encode() + language.encode()), ("nothing.txt", b"  ")]
        await page.set_input_files(
            "#documents input[type=file]",
            [{"name": name, "mimeType": "text/plain", "buffer": data} for name, data in files],
        )
        await page.locator("#documents .refused", has_text=empty).wait_for()
        item = page.locator("#documents .desk-shelf li", has_text="The log of the Marigold")
        await item.wait_for()
        await item.locator(".desk-state", has_text=ready).wait_for(timeout=60_000)
        assert await page.locator("#documents .refused", has_text=empty).count() == 1, "still to be read"
        if PICTURES:
            await page.locator("#documents").screenshot(path=f"{PICTURES}/documents-{language}-{width}.png")
        await axe(page)
        assert await page.evaluate(BEYOND) == []
        await item.get_by_role("link").click()
        await page.locator(".desk-pieces li", has_text="eats nothing but lanterns").wait_for()
        await axe(page)
        assert await page.evaluate(BEYOND) == []
        await page.go_back()
        await page.locator("#documents .document-do button", has_text=away).first.click()
        await page.locator("#documents .desk-shelf li", has_text="The log").wait_for(state="detached")
