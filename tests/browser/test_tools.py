"""What tools show on the stage, and what they ask first there."""

import asyncio

from tests.browser.stage import on_stage, state_is
from tests.browser.test_everyone import violations
from tests.browser.test_memory import type_in

A_HOST = """
from characters.models import Character
from characters.versions import publishing
card = {"title": "The harbour", "text": "Open until ten.", "link": "https://harbour.example/times"}
tools = [
    {"name": "times", "kind": "show", "keys": ["the harbour"], "options": card},
    {"name": "dice", "kind": "dice", "keys": ["roll"], "asks_first": True, "options": {"question": "Shall I roll?"}},
]
about = {"slug": "host", "name": "Finn", "greeting": "Hello.", "description": "A host."}
publishing.publish(Character.objects.create(**about, tools=tools))
"""


async def test_a_card_is_shown_and_a_question_is_answered_by_a_button(server, browser_with_microphone):
    await asyncio.to_thread(server.command, "shell", "-c", A_HOST)
    async with browser_with_microphone(viewport={"width": 390, "height": 844}) as page:
        await on_stage(page, server, "host")
        await state_is(page, "listening")
        await type_in(page, "When is the harbour open?")
        await page.locator("#tool-card").wait_for()
        assert await page.inner_text("#tool-card-title") == "The harbour"
        assert await page.get_attribute("#tool-card-link", "href") == "https://harbour.example/times"
        assert not await page.is_visible("#tool-card-picture")
        assert await violations(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.click("#tool-card-close")
        assert not await page.is_visible("#tool-card")

        await type_in(page, "Roll a die.")
        await page.locator("#tool-question").wait_for()
        assert await page.inner_text("#tool-question-words") == "Shall I roll?"
        assert await violations(page) == []
        await page.click("#tool-yes")
        await page.get_by_text("The die shows").first.wait_for()
        assert not await page.is_visible("#tool-question")
