"""What a character remembers of its visitor, on the page: asked once, noted, read, corrected, undone, switched off."""

import pytest

from tests.browser.stage import on_stage, state_is
from tests.browser.test_everyone import violations

TELLS = "My name is Robin, and I have a dog called Pip."


async def type_in(page, text: str) -> None:
    if not await page.is_visible("#typed"):
        await page.click("#type")
    await page.fill("#typed", text)
    await page.press("#typed", "Enter")


async def remembered(page) -> list[str]:
    """What the dialog shows, once it has asked."""
    await page.click("#memory-open")
    await page.locator("#memory-list li b").first.wait_for()
    return await page.locator("#memory-list li b").all_inner_texts()


@pytest.mark.parametrize(("language", "heading"), [("en-US", "knows about you"), ("zh-CN", "所了解的您")])
async def test_a_visitor_says_yes_reads_corrects_undoes_and_switches_off(
    server, browser_with_microphone, language, heading
):
    options = {"viewport": {"width": 390, "height": 844}, "locale": language}
    async with browser_with_microphone(**options) as page:
        page.on("dialog", lambda dialog: dialog.accept())
        await on_stage(page, server)
        await state_is(page, "listening")
        await page.locator("#memory-ask").wait_for()
        assert await page.inner_text("#memory-question")
        assert await violations(page) == []
        await page.click("#memory-yes")
        await page.locator("#memory-ask").wait_for(state="hidden")
        await type_in(page, TELLS)
        await page.locator("#memory-learnt").wait_for()
        assert "has a dog called Pip" in await page.inner_text("#memory-learnt-words")
        assert sorted(await remembered(page)) == ["has a dog called Pip", "is called Robin"]
        assert heading in await page.inner_text("#memory-title")
        assert await violations(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        await page.locator("#memory-list li", has_text="dog").locator("button").first.click()
        await page.fill("#memory-list input", "has a cat called Tom")
        await page.press("#memory-list input", "Enter")
        await page.locator("#memory-list b", has_text="cat called Tom").wait_for()
        async with page.expect_download() as saved:
            await page.click("#memory-save")
        assert "cat called Tom" in (await (await saved.value).path()).read_text()
        await page.click("#memory .close")

        await type_in(page, "I love strawberries.")
        await page.locator("#memory-learnt-words", has_text="strawberries").wait_for()
        await page.click("#memory-undo")
        await page.locator("#memory-learnt").wait_for(state="hidden")
        assert sorted(await remembered(page)) == ["has a cat called Tom", "is called Robin"]

        await page.uncheck("#memory-allowed")
        await page.locator("#memory-none").wait_for()
        assert not await page.locator("#memory-list li").count()
        await page.click("#memory .close")
        await type_in(page, TELLS)
        await state_is(page, "listening")
        assert await page.is_hidden("#memory-ask"), "whoever has said no is not asked again"
        assert page.complaints == []


async def test_a_no_is_kept_from_one_conversation_to_the_next(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await page.locator("#memory-ask").wait_for()
        await page.click("#memory-no")
        await page.locator("#memory-ask").wait_for(state="hidden")
        await page.wait_for_load_state("networkidle")
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.locator("#begin, #begin-anew").first.wait_for()
        await page.click("#begin-anew" if await page.is_visible("#begin-anew") else "#begin")
        await state_is(page, "listening", "speaking")
        await page.locator("#memory-open").wait_for()
        assert await page.is_hidden("#memory-ask")
