"""A page of another machine without https, as a phone finds it at http://192.168...: no microphone, no worklets."""

from tests.browser.stage import CALL, audible, state_is
from tests.chromium import INSECURE_HOST


async def test_it_says_so_at_once_and_one_talks_in_writing_and_hears_the_answer(
    server, browser_with_microphone
):
    async with browser_with_microphone() as page:
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"http://{INSECURE_HOST}:{server.port}/talk/captain-marlow/")
        assert await page.evaluate("[isSecureContext, !!navigator.mediaDevices, !!window.AudioWorklet]") == [
            False,
            False,
            False,
        ]
        told = await page.inner_text("#insecure")  # before anything is pressed
        assert "no microphone" in told
        assert "https" in told
        assert "make lan" in told
        assert not await page.is_visible("#microphone-hint")
        button = await page.locator("#begin").bounding_box()
        assert button
        assert button["y"] + button["height"] <= 800, "without scrolling"
        await page.click("#begin")
        await state_is(page, "listening", "speaking")
        assert "https" in await page.inner_text("#refused-words")
        assert not await page.is_visible("#retry-microphone")  # it would be asked in vain
        assert await page.is_disabled("#microphone")
        assert await page.evaluate("document.activeElement.id") == "typed"
        await page.wait_for_function(f"{CALL}.sound.playing && {CALL}.levels.character > 0.05")
        await state_is(page, "listening")
        greeted = await audible(page)
        await page.fill("#typed", "Can you hear me?")
        await page.keyboard.press("Enter")
        await state_is(page, "speaking")
        await page.wait_for_function(f"({CALL}.sound.heard) > {greeted}")
        await page.click("#interrupt")
        await page.wait_for_function(f"!{CALL}.sound.playing && {CALL}.sound.bufferedSecs === 0")
        await page.click("#transcript-toggle")
        assert not await page.is_visible("[data-save=copy]")  # browsers keep the clipboard from such pages
        await page.click("[data-opens=settings]")
        await page.keyboard.press("Escape")
        await page.click("#end")
        await page.wait_for_function(f"['ended'].includes({CALL}.state)")
        assert complaints == []
