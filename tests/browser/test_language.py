"""The language of the page's own words, changed in the middle of a call."""

from tests.browser.stage import CALL, on_stage, state_is


async def in_language(page, name: str, code: str) -> None:
    await page.click("[data-opens=settings]")
    await page.get_by_role("button", name=name).click()
    await page.wait_for_function("(code) => document.documentElement.lang === code", arg=code)


async def test_changing_the_language_keeps_the_call(server, browser_with_microphone):
    async with browser_with_microphone(locale="en-US") as page:
        await on_stage(page, server)
        await state_is(page, "listening", "speaking")
        session = await page.evaluate(f"{CALL}.session")
        await page.evaluate("window.samePage = true")
        await page.click("#microphone")
        await page.click("#type")
        await page.fill("#typed", "Can you hear me?")
        await page.keyboard.press("Enter")
        await page.wait_for_function(
            f"{CALL}.transcript.lines.some((l) => l.text.includes('scripted reply'))"
        )
        await page.fill("#typed", "half a sentence")
        await page.click("#transcript-toggle")
        await in_language(page, "中文", "zh-hans")
        assert await page.evaluate("document.activeElement.lang") == "zh-hans"  # the focus stays where it was
        assert await page.inner_text("#settings-title") == "设置"
        first = "document.querySelector('#settings select[name=microphone]').options[0]?.label"
        await page.wait_for_function(f"({first} ?? 'the usual one') !== 'the usual one'")
        await page.keyboard.press("Escape")
        assert await page.inner_text("#microphone-words") == "静音"
        assert await page.get_attribute("#microphone", "aria-pressed") == "true"
        await state_is(page, "listening")
        assert await page.inner_text("#state") == "你已静音"
        assert await page.get_attribute("#typed", "placeholder") == "用文字说"
        assert await page.input_value("#typed") == "half a sentence"
        assert await page.inner_text("#lines [data-who=visitor] b") == "你"
        assert await page.inner_text("#name") == "Captain Marlow"
        assert await page.evaluate("window.samePage")
        assert await page.evaluate(f"{CALL}.session") == session
        await page.press("#typed", "Enter")  # the conversation goes on
        await state_is(page, "thinking", "speaking")
        await in_language(page, "English", "en")
        await page.keyboard.press("Escape")
        assert await page.inner_text("#microphone-words") == "Mute"
        assert page.complaints == []
        await in_language(page, "中文", "zh-hans")
        await page.reload()
        assert await page.get_attribute("html", "lang") == "zh-hans"  # and it is kept
