"""The stage of a visitor whose conversation, or whose house, has spent its budget: on a phone, in two languages."""

import asyncio
from typing import Any

import pytest

from tests.browser.stage import CALL, audible, on_stage, state_is
from tests.voicebot.usage.test_with_a_server import BUDGET, ask, budget
from voicebot.usage.budget_watch import GOODBYES

PLACES = {"en": ("en-US", "captain-marlow"), "zh": ("zh-CN", "mei-yi")}
# A euro a character; Mei Yi's greeting has 34, and what she says to anything is longer than the rest.
SPOKEN = """INSERT INTO sessions_app_price (stage, provider, model, unit, price, currency, valid_from)
    VALUES ('tts', 'scripted', '', 'characters', 1000000, 'EUR', '2026-01-01')"""
AMOUNTS = {"en": 3, "zh": 40}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
OVER = {
    "en": "This conversation has had all that one may have. Start a new one.",
    "zh": "这次对话已用完它的额度。请开始新的对话。",
}
TODAY = {
    "en": "This stage has given all it has for today. Come back tomorrow.",
    "zh": "这个舞台今天的额度已用完。请明天再来。",
}
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


async def typed(page: Any, words: str) -> None:
    await page.click("#microphone")  # muted: only what is typed is said
    await page.click("#type")
    await page.fill("#typed", words)
    await page.keyboard.press("Enter")


async def says_farewell_and_stops(page: Any, sentence: str, goodbye: str, *states: str) -> None:
    """The last words are heard, stand in the transcript, and then the page says why it is over."""
    before = await audible(page)
    await state_is(page, *states)
    # A busy browser says that it is over before it has shown all that it plays.
    await page.wait_for_function(
        f"(words) => {CALL}.transcript.lines.at(-1).text.includes(words)", arg=goodbye
    )
    assert await audible(page) > before
    await page.wait_for_function("(text) => document.body.innerText.includes(text)", arg=sentence)
    assert not await page.evaluate(WIDER)
    assert await page.evaluate(f"{CALL}.state") in states, "it does not try again and again"


@pytest.mark.parametrize("language", PLACES)
async def test_the_visitor_hears_a_farewell_and_reads_why(
    own_server, browser_with_microphone, tmp_path, language
):
    server = await asyncio.to_thread(own_server)
    locale, slug = PLACES[language]
    await asyncio.to_thread(budget, server, "session", AMOUNTS[language])
    if language == "zh":  # she speaks what is written for her, and no tokens are counted
        await asyncio.to_thread(ask, server, SPOKEN)
    goodbye = GOODBYES[language].split("。" if language == "zh" else ".")[0]
    async with browser_with_microphone(locale=locale, **PHONE) as page:
        await on_stage(page, server, slug)
        await state_is(page, "listening", "speaking")
        await typed(page, "Tell me of the sea.")
        await says_farewell_and_stops(page, OVER[language], goodbye, "over")
        await page.screenshot(path=tmp_path / f"session-{language}.png")
    await asyncio.to_thread(ask, server, "DELETE FROM sessions_app_budget")
    await asyncio.to_thread(ask, server, BUDGET, "day", 3, 100, "", "")
    async with browser_with_microphone(locale=locale, **PHONE) as page:
        await page.goto(f"{server.url}/talk/{slug}/")
        await page.click("#begin")
        await state_is(page, "limit")
        await page.wait_for_function("(text) => document.body.innerText.includes(text)", arg=TODAY[language])
        assert not await page.evaluate(WIDER)
        await page.screenshot(path=tmp_path / f"day-{language}.png")
