"""Past conversations on the stage: gone on with, renamed, searched, erased."""

import asyncio

from tests.browser.stage import CALL, hang_up, on_stage, state_is


async def say(page, words: str) -> None:
    before = await page.evaluate(f"{CALL}.transcript.turns.length")
    if await page.is_hidden("#typing"):
        await page.click("#type")
    await page.fill("#typed", words)
    await page.keyboard.press("Enter")
    await page.wait_for_function(f"{CALL}.transcript.turns.length >= {before} + 2")
    await state_is(page, "listening")


async def test_a_past_conversation_is_found_renamed_and_gone_on_with(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await say(page, "My parrot is called Quillon.")
        session = await page.evaluate(f"{CALL}.session")
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.click("#past-open")
        assert "My parrot is called Quillon." in await page.inner_text("#past-list")
        await page.fill("#past-search", "quillon")
        await page.wait_for_selector("#past-list q")
        await page.fill("#past-search", "no such word")
        await page.wait_for_function("document.querySelectorAll('#past-list li').length === 0")
        assert await page.inner_text("#past-none") == "Nothing was found."
        await page.fill("#past-search", "")
        await page.get_by_role("button", name="Rename").click()
        await page.get_by_label("Name of the conversation").fill("The parrot")
        await page.get_by_role("button", name="Keep").click()
        await page.wait_for_function("document.querySelector('#past-list b')?.textContent === 'The parrot'")
        await page.get_by_role("link", name="Go on").click()
        await page.wait_for_url(f"**/talk/captain-marlow/?session={session}")
        await page.click("#begin")
        await state_is(page, "listening")
        assert await page.evaluate(f"{CALL}.session") == session
        assert await page.evaluate(f"{CALL}.transcript.turns.length") == 0, "no second greeting"
        await say(page, "And it talks.")


async def test_a_list_that_comes_late_takes_no_name_that_is_being_written(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await say(page, "Late lists.")
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.click("#past-open")
        await page.wait_for_selector("#past-list li")
        held, let_go = asyncio.Event(), asyncio.Event()

        async def hold(route) -> None:
            held.set()
            await let_go.wait()
            await route.continue_()

        await page.route("**/api/sessions?*", hold)
        await page.fill("#past-search", "late")
        await held.wait()
        await page.get_by_role("button", name="Rename").click()
        await page.keyboard.type("A parrot, ")
        async with page.expect_response("**/api/sessions?*"):
            let_go.set()
        await page.keyboard.type("perhaps")
        await page.keyboard.press("Enter")
        await page.fill("#past-search", "")
        await page.wait_for_selector("#past-list b:has-text('A parrot, perhaps')")


async def test_one_or_all_are_erased_and_others_see_none_of_it(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        for words in ("The first one.", "The second one."):
            await on_stage(page, server)
            await state_is(page, "speaking")
            await say(page, words)
            await hang_up(page)
            await state_is(page, "ended")
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.click("#past-open")
        await page.wait_for_function("document.querySelectorAll('#past-list li').length === 2")
        await page.locator("#past-list li").first.get_by_role("button", name="Erase").click()
        await page.wait_for_function("document.querySelectorAll('#past-list li').length === 1")
        assert "The first one." in await page.inner_text("#past-list")
        await page.click("#past-erase-all")
        await page.wait_for_function("document.querySelectorAll('#past-list li').length === 0")
    async with browser_with_microphone() as stranger:
        await stranger.goto(f"{server.url}/talk/captain-marlow/")
        assert await stranger.is_hidden("#past-open")
