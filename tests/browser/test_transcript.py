"""The transcript: follows the newest, has one entry for one utterance, and can be taken away."""

from tests.browser.stage import CALL, on_stage, state_is

AT_END = "(() => { const l = document.querySelector('#log'); return l.scrollHeight - l.scrollTop - l.clientHeight < 4; })()"
LONG = f"""() => {{
  const {{ transcript }} = {CALL};
  for (let i = 0; i < 40; i++) {{
    transcript.wrote(`Line ${{i}} of a long talk.`);
    transcript.said({{ text: `Answer ${{i}}.`, segment_id: 1000 + i, spoken_status: "completed" }});
  }}
  {CALL}.dispatchEvent(new Event("change"));
}}"""


async def test_it_opens_at_its_end_and_follows_unless_one_has_scrolled_up(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await state_is(page, "listening")
        await page.evaluate(LONG)
        await page.click("#transcript-toggle")
        assert await page.evaluate("document.querySelector('#log').scrollHeight") > 1500
        assert await page.evaluate(AT_END)
        await page.click("#type")
        await page.fill("#typed", "And now?")
        await page.keyboard.press("Enter")
        await page.wait_for_function(
            f"{CALL}.transcript.lines.some((l) => l.text.includes('scripted reply'))"
        )
        await state_is(page, "listening")
        assert await page.evaluate(AT_END), "the newest is seen"
        await page.evaluate("document.querySelector('#log').scrollTop = 0")
        await page.wait_for_timeout(100)
        await page.fill("#typed", "Still there?")
        await page.keyboard.press("Enter")
        await state_is(page, "speaking")
        await state_is(page, "listening")
        assert await page.evaluate("document.querySelector('#log').scrollTop") == 0, "who reads is left alone"
        await page.click("#transcript-toggle")
        await page.click("#transcript-toggle")
        assert await page.evaluate(AT_END)


async def test_it_can_be_copied_and_saved_in_the_middle_of_a_talk(server, browser_with_microphone):
    options = {"accept_downloads": True, "permissions": ["microphone", "clipboard-read", "clipboard-write"]}
    async with browser_with_microphone(**options) as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await page.click("#type")
        await page.fill("#typed", "Remember the <lamp>.")
        await page.keyboard.press("Enter")
        await page.wait_for_function(
            f"{CALL}.transcript.lines.some((l) => l.text.includes('scripted reply'))"
        )
        await page.click("#transcript-toggle")
        await page.click("[data-save=copy]")
        await page.wait_for_function("document.querySelector('#copied').textContent === 'Copied.'")
        assert "You: Remember the <lamp>." in await page.evaluate("navigator.clipboard.readText()")
        await page.click("#transcript summary")
        for what, part in (("text", "You: Remember"), ("json", '"role": "user"'), ("vtt", "&lt;lamp&gt;")):
            async with page.expect_download() as download:
                await page.click(f"[data-save={what}]")
            assert part in (await (await download.value).path()).read_text()
