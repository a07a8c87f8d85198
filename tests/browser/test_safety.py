"""The stage under its own Content-Security-Policy, unrelaxed."""

import asyncio

import pytest

from tests.browser.stage import talkative
from tests.patience import PATIENCE_SECS

PAGES = ["/", "/characters/captain-marlow/", "/talk/captain-marlow/"]


@pytest.mark.parametrize("path", PAGES)
def test_the_policy_allows_our_own_files_and_nothing_inline(server, path):
    policy = server.request(path).headers["Content-Security-Policy"]
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"
    for name, value in rules.items():
        assert value in ("'self'", "'none'"), (name, value)


async def test_a_whole_conversation_breaks_no_rule(server, browser_with_microphone, tmp_path):
    again = talkative(tmp_path / "again.wav", pause_secs=8)
    async with browser_with_microphone(again, bypass_csp=False, service_workers="allow") as page:
        complaints = []
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.click("#begin")

        async def until(expression: str) -> None:
            async with asyncio.timeout(PATIENCE_SECS):
                while not await page.evaluate(expression):
                    await asyncio.sleep(0.1)

        await until("greenroom.call.state === 'speaking'")
        await until("greenroom.call.sound.heard > 12000")
        await page.click("[data-opens=settings]")
        await until("document.querySelector('#settings').open")
        await page.keyboard.press("Escape")
        await until("greenroom.call.transcript.turns.some((t) => t.who === 'visitor')")
        await page.click("#end")
        await page.click("#end-now")
        await until("greenroom.call.state === 'ended'")
        assert complaints == []


async def test_what_anybody_says_never_becomes_markup(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await page.goto(f"{server.url}/talk/captain-marlow/")
        evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
        await page.evaluate(
            """(evil) => {
              const { transcript } = greenroom.call;
              transcript.heard(evil, true);
              transcript.said({ text: evil, segment_id: 1, spoken_status: "completed" });
              greenroom.call.problem = evil;
              greenroom.call.character = { name: evil, portrait: "javascript:alert(3)", version: 1 };
              greenroom.call.dispatchEvent(new Event("change"));
            }""",
            evil,
        )
        assert await page.locator("#lines img, #lines script, #name img").count() == 0
        assert await page.evaluate("document.querySelector('#lines p').textContent") == evil
