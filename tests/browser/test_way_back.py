"""The way back: after a reload in mid-call, and into conversations that are over. Who goes on sees what was said."""

from playwright.async_api import expect

from tests.browser.stage import CALL, hang_up, on_stage, state_is
from tests.browser.test_continuity import say
from tests.browser.test_everyone import violations

ENTRIES = f"{CALL}.transcript.entries.map((e) => [e.who, e.text])"
SWITCH = f"{CALL}.line.client.sendClientRequest('character.switch', {{ character: 'ada-quill' }})"


async def session_of(page) -> str:
    await state_is(page, "listening", "speaking", "thinking")
    return await page.evaluate(f"{CALL}.session")


async def test_a_reload_in_mid_call_offers_the_way_back_and_what_is_over_is_read_and_begun_from(
    server, browser_with_microphone
):
    async with browser_with_microphone(accept_downloads=True) as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await say(page, "My parrot is called Quillon.")
        await page.evaluate(SWITCH)
        await page.wait_for_function(f"{CALL}.transcript.entries.at(-1).text === 'Ada Quill takes over'")
        await say(page, "And it talks.")
        before, session = await page.evaluate(ENTRIES), await session_of(page)

        await page.reload()
        await page.wait_for_selector("#left-off:not([hidden])")
        assert "You are in the middle of a conversation. You left here, today" in await page.inner_text(
            "#left-off"
        )
        assert await page.inner_text("#begin") == "Go on with Ada Quill", "who spoke last"
        assert await violations(page) == [], "the way back"
        *entries, (who, mark) = await page.evaluate(ENTRIES)
        assert [e for e in entries if e[0] != "note"] == [e for e in before if e[0] != "note"]
        assert entries[-2:] == [["note", "Ada Quill takes over"], before[-1]], (
            "before the first that she said"
        )
        assert (who, mark[:14]) == ("note", "You left here,")
        await page.click("#begin")
        assert await session_of(page) == session
        await page.click("#transcript-toggle")
        shown = await page.inner_text("#lines")
        assert shown.index("My parrot") < shown.index("ADA QUILL" if "ADA QUILL" in shown else "Ada Quill")
        assert "You left here, today" in shown
        await hang_up(page)
        await state_is(page, "ended")

        await page.click("#again")
        second = await session_of(page)
        assert second != session, "one press, and another conversation"
        assert not [text for _, text in await page.evaluate(ENTRIES) if "parrot" in text]
        await hang_up(page)
        await state_is(page, "ended")
        await page.reload()
        assert await page.inner_text("#begin") == "Talk with Captain Marlow", (
            "what is over is not gone on with"
        )

        await page.goto(f"{server.url}/talk/ada-quill/")
        await page.click("#past-open")
        await page.fill("#past-search", "quillon")
        await page.wait_for_selector("#past-list q")
        await page.get_by_role("link", name="Read").click()
        await page.wait_for_selector(".with-transcript #lines [data-who=note]")
        assert "My parrot is called Quillon." in await page.inner_text("#lines")
        assert "This conversation is over. It ended here, today" in await page.inner_text("#left-off")
        for width, height in ((320, 568), (390, 844)):
            await page.set_viewport_size({"width": width, "height": height})
            for what in ("#left-off", "#begin", "#lines li:last-child"):
                await expect(page.locator(what)).to_be_in_viewport()
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            assert await violations(page) == [], f"reading, {width} wide"
        async with page.expect_download() as download:
            await page.click("[data-save=text]")
        saved = (await (await download.value).path()).read_text()
        assert "You: My parrot is called Quillon." in saved
        assert "Captain Marlow: " in saved
        assert "Ada Quill: " in saved

        assert await page.inner_text("#begin") == "Begin again from here"
        await page.click("#begin")
        third = await session_of(page)
        assert third not in (session, second)
        assert "session=" not in page.url
        await page.wait_for_function(f"{CALL}.transcript.turns.some((t) => t.who === 'character')")
        texts = [text for _, text in await page.evaluate(ENTRIES)]
        assert texts.index("My parrot is called Quillon.") < texts.index("You began again from here.")

        stranger = await (await page.context.browser.new_context(bypass_csp=True)).new_page()
        await stranger.goto(f"{server.url}/talk/ada-quill/?session={third}")
        await stranger.wait_for_selector("#left-off:not([hidden])")
        assert await stranger.inner_text("#left-off") == "That conversation is not here any more."
        assert "Quillon" not in await stranger.content()
        assert await stranger.inner_text("#begin") == "Talk with Ada Quill"
