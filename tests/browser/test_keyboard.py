"""Keys, focus, and what a screen reader is told."""

from tests.browser.stage import CALL, on_stage, state_is

FOCUSED = (
    "document.activeElement.id || document.activeElement.dataset.opens || document.activeElement.tagName"
)
# What live regions say, in the order in which they say it; what is hidden from assistive technology says nothing.
LISTEN = """() => {
  window.said = [];
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
      const region = element?.closest("[aria-live], [role=status], [role=log], [role=alert]");
      if (!region || region.getAttribute("aria-live") === "off" || element.closest("[aria-hidden=true]")) continue;
      if (region.textContent) window.said.push([region.id, region.textContent]);
    }
  }).observe(document.querySelector("#stage"), { subtree: true, childList: true, characterData: true });
}"""


async def focus_is(page, where: str) -> None:
    await page.wait_for_function(f"(where) => ({FOCUSED}) === where", arg=where)


async def test_single_letters_can_be_switched_off_and_given_to_others(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await page.click("[data-opens=help]")
        await page.fill("[data-key=mute]", "x")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Escape")
        await page.keyboard.press("m")
        assert not await page.evaluate(f"{CALL}.muted")
        await page.keyboard.press("x")
        assert await page.evaluate(f"{CALL}.muted")
        await page.click("[data-opens=help]")
        await page.uncheck("#keys-on")
        await page.keyboard.press("Escape")
        for key in "xmtls?":
            await page.keyboard.press(key)
        assert await page.evaluate(f"{CALL}.muted")
        assert await page.is_hidden("#typing")
        assert await page.locator("dialog[open]").count() == 0
        await page.reload()
        kept = await page.evaluate(f"{CALL}.settings")
        assert (kept["keys"], kept["letters"]["mute"]) == (False, "x")


async def test_escape_closes_what_is_open_and_gives_the_focus_back(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await page.keyboard.press("l")
        await page.keyboard.press("t")
        await focus_is(page, "typed")
        await page.keyboard.press("Escape")
        assert await page.is_hidden("#typing")
        await focus_is(page, "type")
        await page.keyboard.press("Escape")
        assert await page.is_hidden("#transcript")
        await focus_is(page, "transcript-toggle")


async def test_the_focus_is_somewhere_sensible_after_every_action(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.focus("#begin")
        await page.keyboard.press("Enter")
        await state_is(page, "speaking")
        await focus_is(page, "microphone")
        await page.evaluate("document.activeElement.blur()")
        await page.keyboard.press("s")
        await page.keyboard.press("Escape")
        await focus_is(page, "settings")  # a dialog opened by its key
        await page.focus("#end")
        await page.keyboard.press("Enter")
        await focus_is(page, "take-back")
        await page.keyboard.press("Enter")
        await focus_is(page, "microphone")
        await page.focus("#end")
        await page.keyboard.press("Enter")
        await page.focus("#end-now")
        await page.keyboard.press("Enter")
        await state_is(page, "ended")
        await focus_is(page, "again")
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.click("#past-open")
        await page.get_by_role("button", name="Rename").first.click()
        await page.keyboard.type("A talk at sea")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#past-list b:has-text('A talk at sea')")
        inside = "document.activeElement.closest('li')?.textContent ?? ''"
        await page.wait_for_function(f"({inside}).includes('A talk at sea')")


async def test_a_reply_is_told_once_when_it_is_finished(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await page.evaluate(LISTEN)
        await state_is(page, "speaking")
        assert not [said for said in await page.evaluate("window.said") if said[0] == "reply-said"]
        await state_is(page, "listening")
        await page.click("#transcript-toggle")
        for words in ("One.", "Two."):
            if await page.is_hidden("#typing"):
                await page.click("#type")
            await page.fill("#typed", words)
            await page.keyboard.press("Enter")
            await state_is(page, "speaking")
            await state_is(page, "listening")
        replies = [said for said in await page.evaluate("window.said") if said[0] == "reply-said"]
        assert len(replies) == 3, replies
        assert all(text.startswith("Captain Marlow: ") for _, text in replies)
        assert not [said for said in await page.evaluate("window.said") if said[0] in ("log", "lines")]


async def test_a_reply_is_told_over_the_voice_only_if_that_is_wished(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.click("[data-opens=settings]")
        await page.check("[name=readOver]")
        await page.keyboard.press("Escape")
        await page.evaluate(LISTEN)
        await page.evaluate(
            f"""() => new MutationObserver(() => window.finished ??= {CALL}.transcript.current.final)
              .observe(document.querySelector("#reply-said"), {{ childList: true }})"""
        )
        await page.click("#begin")
        await state_is(page, "speaking")
        await page.wait_for_function("window.finished !== undefined")
        await state_is(page, "listening")
        assert not await page.evaluate("window.finished"), "it was told when the voice had not finished it"
        told = [text for region, text in await page.evaluate("window.said") if region == "reply-said"]
        sentences = await page.evaluate(f"{CALL}.transcript.lines.map((line) => line.text)")
        assert told == [f"Captain Marlow: {sentence}" for sentence in sentences], "each sentence once"


async def test_a_countdown_is_not_read_out(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await state_is(page, "listening")
        await page.evaluate(LISTEN)
        # As it comes from the server, which waits for minutes.
        await page.evaluate(
            f"""{CALL}.callbacks.onServerMessage({{ type: "expiring", inSecs: 20 }});
            void (window.counted = new Set());
            new MutationObserver(() => window.counted.add(document.querySelector("#state").textContent))
              .observe(document.querySelector("#state"), {{ subtree: true, childList: true, characterData: true }});"""
        )
        await page.wait_for_function("window.counted.size >= 4")
        said = await page.evaluate("window.said")
        assert len([text for _, text in said if "the line closes" in text]) == 1, said


async def test_the_microphone_has_one_name(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        button = page.get_by_role("button", name="Mute", exact=True)
        for pressed in ("false", "true", "false"):
            assert await button.get_attribute("aria-pressed") == pressed
            await button.click()


async def test_without_a_microphone_the_field_is_open(server, browser_with_microphone):
    async with browser_with_microphone(allow=False) as page:
        await on_stage(page, server)
        await state_is(page, "listening", "speaking")
        assert await page.is_visible("#typed")
        await focus_is(page, "typed")
        assert "type what you want to say" in await page.inner_text("#refused-words")
        await page.keyboard.type("Can you read me?")
        await page.keyboard.press("Escape")
        assert await page.is_visible("#typed"), "there is no other way to say something"
        await page.keyboard.press("Enter")
        await page.wait_for_function(
            f"{CALL}.transcript.lines.some((l) => l.text.includes('scripted reply'))"
        )
