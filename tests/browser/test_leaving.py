"""Leaving while arriving: whenever a visitor leaves, no socket, no microphone and no session stays behind."""

import asyncio

import pytest

from tests.browser.stage import CALL, hang_up, on_stage, state_is
from tests.conftest import serving
from tests.patience import PATIENCE_SECS
from tests.servers import ROOT

MOMENTS_JS = (ROOT / "tests" / "browser" / "moments.js").read_text()
MOMENTS = [
    "player",
    "permission",
    "start asked",
    "start answered",
    "socket",
    "recorder",
    "bot-ready",
]
LIVE = ["created", "active", "idle"]
SETTLED_MS = 1500  # for what was held up to be let in, were nobody to turn it away


async def hold_at(page, server, moment: str) -> None:
    """Begins, and stands still at one moment of connecting."""
    await page.goto(f"{server.url}/talk/captain-marlow/")
    await page.evaluate("(moment) => window.hold(moment)", moment)
    await page.click("#begin")
    await page.wait_for_function("(moment) => window.reached(moment)", arg=moment)


async def sessions(context, server) -> list[str]:
    """The states of this visitor's sessions; none where nobody is known yet."""
    answer = await context.request.get(f"{server.url}/api/sessions")
    return [entry["state"] for entry in (await answer.json()).get("sessions", [])]


async def nothing_live(context, server) -> None:
    async with asyncio.timeout(PATIENCE_SECS):
        while set(LIVE) & set(await sessions(context, server)):
            await asyncio.sleep(0.1)


async def nothing_left(page) -> None:
    await page.wait_for_function("() => { const l = window.left(); return l.tracks + l.sockets === 0; }")
    await page.wait_for_timeout(SETTLED_MS)
    assert await page.evaluate("window.left()") == {"tracks": 0, "sockets": 0}


@pytest.mark.parametrize("moment", MOMENTS)
async def test_ending_leaves_nothing_behind_at(server, browser_with_microphone, moment):
    async with browser_with_microphone() as page:
        await page.add_init_script(MOMENTS_JS)
        await hold_at(page, server, moment)
        await hang_up(page)
        await state_is(page, "ended")  # at once, whatever the rest waits for
        await page.evaluate("window.release()")
        await nothing_left(page)
        assert await page.evaluate(f"{CALL}.state") == "ended", "something late overwrote it"
        await nothing_live(page.context, server)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_leaving_the_page_leaves_nothing_behind_at(server, browser_with_microphone, moment):
    async with browser_with_microphone() as page:
        await page.add_init_script(MOMENTS_JS)
        await hold_at(page, server, moment)
        await page.goto("about:blank")
        await nothing_live(page.context, server)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_changing_the_microphone_leaves_one(server, browser_with_microphone, moment):
    """Two settings at once, as a dialog sends them: one microphone is open afterwards, and none in the end."""
    async with browser_with_microphone() as page:
        await page.add_init_script(MOMENTS_JS)
        await hold_at(page, server, moment)
        await page.evaluate(
            f"""() => {{
              void {CALL}.adjust({{ ...{CALL}.settings, noise: false }});
              void {CALL}.adjust({{ ...{CALL}.settings, echo: false }});
              window.release();
            }}"""
        )
        await state_is(page, "listening", "speaking")
        await page.wait_for_function("window.left().tracks === 1")
        await page.wait_for_timeout(SETTLED_MS)
        assert await page.evaluate("window.left()") == {"tracks": 1, "sockets": 1}
        wish = await page.evaluate("window.opened.tracks.find((t) => t.readyState === 'live').wish")
        assert not wish["noiseSuppression"]
        assert not wish["echoCancellation"]
        await hang_up(page)
        await nothing_left(page)
        await nothing_live(page.context, server)


@pytest.mark.parametrize("moment", ["start answered", "socket", "recorder", "bot-ready"])
async def test_a_line_lost_at_a_moment_is_made_again_for_the_same_session(
    own_server_once, browser_with_microphone, moment
):
    server = own_server_once
    async with browser_with_microphone() as page:
        await page.add_init_script(MOMENTS_JS)
        await hold_at(page, server, moment)
        await asyncio.to_thread(server.stop, 9)
        await page.evaluate("window.release()")
        await state_is(page, "gone", "connecting")
        await page.wait_for_function("() => { const l = window.left(); return l.tracks + l.sockets === 0; }")
        await asyncio.to_thread(server.start)
        await state_is(page, "listening", "speaking")
        assert len(await sessions(page.context, server)) == 1, "one session for one conversation"
        assert await page.evaluate("window.left()") == {"tracks": 1, "sockets": 1}
        await hang_up(page)
        await nothing_left(page)
        await nothing_live(page.context, server)


async def test_ending_on_the_way_back_ends_the_session(own_server_once, browser_with_microphone):
    server = own_server_once
    async with browser_with_microphone() as page:
        await page.add_init_script(MOMENTS_JS)
        await on_stage(page, server)
        await state_is(page, "speaking")
        await asyncio.to_thread(server.stop, 9)
        await state_is(page, "gone")
        await hang_up(page)
        await state_is(page, "ended")
        await nothing_left(page)
        await asyncio.to_thread(server.start)
        await nothing_live(page.context, server)


async def test_an_end_is_taken_back_and_no_microphone_is_open_meanwhile(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await page.add_init_script(MOMENTS_JS)
        await on_stage(page, server)
        await state_is(page, "speaking")
        await page.wait_for_function("window.left().tracks === 1")
        await page.click("#end")
        assert await page.evaluate("window.left()") == {"tracks": 0, "sockets": 1}
        await page.wait_for_function(f"!{CALL}.sound.playing")
        assert "the conversation ends in" in await page.inner_text("#state")
        assert await page.is_hidden("#end"), "a second press where the first was does nothing"
        await page.click("#take-back")
        await page.wait_for_function("window.left().tracks === 1")
        assert await sessions(page.context, server) == ["active"]
        await page.click("#end")
        await page.goto("about:blank")  # nobody is there any more to take it back
        await nothing_live(page.context, server)


async def test_a_conversation_outlives_its_page(server, browser_with_microphone):
    """What was begun may be gone on with: only what never began goes with the page."""
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await page.goto("about:blank")
        await asyncio.sleep(1)
        assert [state in LIVE for state in await sessions(page.context, server)] == [True]


async def test_a_trial_of_the_microphone_ends_with_its_dialog(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await page.add_init_script(MOMENTS_JS)
        for moment in ("permission", "microphone", "recorder"):
            await page.goto(f"{server.url}/talk/captain-marlow/")
            if moment == "microphone":
                await page.evaluate(
                    "navigator.mediaDevices.getUserMedia({audio: true}).then((s) => s.getTracks().map((t) => t.stop()))"
                )
            await page.evaluate("(moment) => window.hold(moment)", moment)
            await page.click("[data-opens=settings]")
            await page.wait_for_function("(moment) => window.reached(moment)", arg=moment)
            await page.keyboard.press("Escape")
            await page.evaluate("window.release()")
            await nothing_left(page)


@pytest.fixture(scope="module")
def own_server_once(tmp_path_factory):
    """A server that these tests may kill and start."""
    with serving(tmp_path_factory, "leaving") as running:
        yield running
