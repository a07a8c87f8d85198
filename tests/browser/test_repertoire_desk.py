"""The repertoire at the desk in a browser: a question is tried, an unanswered one becomes an exchange."""

import os

import pytest

from tests.browser.test_desk import cookie, desk, desk_server, editor  # noqa: F401  (fixtures)
from tests.browser.test_desk_editing import axe
from tests.browser.test_small_desk import BEYOND

NAME = "Tess Storm"
MAKE = """
from django.utils import timezone
from characters.models import Character
from sessions_app.manager import SyncSessionManager
from sessions_app.session import Turn
from tests.characters.factory import make_character
from tests.voicebot.repertoire.test_written_turn import EXAMPLES
if not Character.objects.filter(slug="tess").exists():
    make_character(slug="tess", name="Tess Storm", examples=EXAMPLES, llm_provider="repertoire")
    for asked in ("Do you like cheese?", "do you like cheese", "Which harbour is the deepest of them all?"):
        made = SyncSessionManager().create(character="tess", visitor="anon:me")
        said = [("user", asked), ("assistant", "That is not in my log.")]
        turns = [Turn(n, role, text, False, timezone.now()) for n, (role, text) in enumerate(said, 1)]
        SyncSessionManager().append(made.id, turns)
"""
WORDS = {
    "en": ("Did you live through a storm?", "Read what was asked", "Write an answer", "Put it among"),
    "zh-hans": ("Did you live through a storm?", "查看访客问过什么", "写一个回答", "放进对话示例"),
}
PICTURES = os.environ.get("DESK_PICTURES", "")  # a folder, for whoever wants to look


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("zh-hans", 390)])
async def test_a_writer_tries_a_question_and_answers_one_that_nobody_had_written(
    desk,  # noqa: F811
    desk_server,  # noqa: F811
    language,
    width,
):
    desk_server.command("shell", "-c", MAKE)
    asked, read, write, put = WORDS[language]
    async with editor(desk, NAME) as page:
        await page.set_viewport_size({"width": width, "height": 844})
        spoken = {"name": "django_language", "value": language, "url": desk_server.url}
        await page.context.add_cookies([spoken])
        await page.reload()
        await page.wait_for_selector("#desk[data-round]")
        await page.fill("#desk-asked", asked)
        await page.press("#desk-asked", "Enter")
        await page.wait_for_selector(".desk-fits li meter")
        assert "Off Cape Horn it blew for nine days." in await page.inner_text(".desk-says")
        assert await page.locator("#desk-answer .desk-fits li").count() == 3
        assert "%" in await page.inner_text("#desk-answer .desk-sure >> nth=0")

        await page.get_by_role("button", name=read).click()
        cheese = page.locator("#desk-unwritten-list li", has_text="cheese")
        await cheese.wait_for()
        assert await page.locator("#desk-unwritten-list li").count() == 2, "alike ones are together"
        await cheese.get_by_role("button", name=write).click()
        assert "like cheese" in await cheese.locator("textarea").first.input_value()
        await cheese.locator("textarea").last.fill("Only with rum.")
        if PICTURES:
            await page.locator("#desk-written").screenshot(
                path=f"{PICTURES}/repertoire-{language}-{width}.png"
            )
        await axe(page)
        assert await page.evaluate(BEYOND) == []
        await cheese.get_by_role("button", name=put).click()
        await page.locator(".desk-says", has_text="Only with rum.").wait_for()
        assert (await page.input_value("#id_examples")).rstrip().endswith("{{char}}: Only with rum.")
