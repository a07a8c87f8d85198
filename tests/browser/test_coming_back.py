"""The page comes back by itself: after an outage of the server's, of the network, and through a hole in the line."""

import asyncio
import itertools
import time

import pytest

from tests.browser.link import linked
from tests.browser.stage import CALL, on_stage, state_is
from tests.browser.test_leaving import MOMENTS_JS, hold_at
from tests.patience import PATIENCE_SECS
from tests.service.test_outage import place  # noqa: F401  (a fixture)
from tests.visitors import Visitor

WAITS = f"({CALL}.line.retryAt - Date.now()) / 1000"


async def words(page) -> str:
    return await page.inner_text("#state")


async def session_of(page) -> str:
    await page.wait_for_function(f"{CALL}.session && {CALL}.line.ready")
    return await page.evaluate(f"{CALL}.session")


async def answers(page) -> None:
    """Whether the character answers what is written to it."""
    if await page.is_hidden("#typing"):
        await page.click("#type")
    said = await page.evaluate(f"{CALL}.transcript.turns.length")
    await page.fill("#typed", "Are you there?")
    await page.keyboard.press("Enter")
    await page.wait_for_function(f"{CALL}.transcript.turns.length >= {said} + 2")


@pytest.mark.long
async def test_a_database_that_is_away_when_one_calls(place, browser_with_microphone):  # noqa: F811
    server = await asyncio.to_thread(place.server)
    async with browser_with_microphone() as page:
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await place.stop_postgres()
        refused = []
        page.on("response", lambda answer: refused.append((time.monotonic(), answer.status)))
        await page.click("#begin")
        await state_is(page, "unavailable")
        assert "the server is not ready, trying again" in await words(page)
        assert await page.is_visible("#end")
        assert await page.evaluate(WAITS) > 3, "Retry-After is five seconds"
        async with asyncio.timeout(40):
            while len(refused) < 3:
                await asyncio.sleep(0.1)
        gaps = [later[0] - earlier[0] for earlier, later in itertools.pairwise(refused)]
        assert {status for _, status in refused} == {503}
        assert min(gaps) > 4.5, gaps
        await place.start_postgres()
        await state_is(page, "listening", "speaking")
        await answers(page)


@pytest.mark.long
async def test_a_database_that_is_away_when_the_line_is_lost(place, browser_with_microphone):  # noqa: F811
    server = await asyncio.to_thread(place.server)
    async with linked(server) as link, browser_with_microphone() as page:
        await on_stage(page, link)
        session = await session_of(page)
        await place.stop_postgres()
        link.cut()
        await state_is(page, "unavailable")
        assert "the server is not ready" in await words(page)
        await place.start_postgres()
        await state_is(page, "listening", "speaking")
        assert await session_of(page) == session
        await answers(page)


@pytest.mark.long
async def test_a_socket_that_says_that_the_server_is_away(place, browser_with_microphone):  # noqa: F811
    """4504: the way in was given, and what the session needs went before it was used."""
    server = await asyncio.to_thread(place.server)
    async with browser_with_microphone() as page:
        await page.add_init_script(MOMENTS_JS)
        await hold_at(page, server, "start answered")
        await place.stop_postgres()
        await page.evaluate("window.release()")
        await state_is(page, "unavailable")
        assert await page.inner_text("#again") == "Try now", "not as if every seat were taken"
        session = await page.evaluate(f"{CALL}.session")
        await place.start_postgres()
        await state_is(page, "listening", "speaking")
        assert await session_of(page) == session


@pytest.mark.long
async def test_a_hole_in_the_line_is_noticed_and_mended(server, browser_with_microphone):
    async with linked(server) as link, browser_with_microphone() as page:
        await on_stage(page, link)
        session = await session_of(page)
        await state_is(page, "speaking")
        await state_is(page, "listening")
        link.hole()
        began = time.monotonic()
        await state_is(page, "gone")
        took = time.monotonic() - began
        print(f"noticed after {took:.1f} s")
        assert took < 30
        assert await page.evaluate(
            "navigator.mediaDevices && !window.greenroom.call.media.tracks().local.audio"
        )
        link.mend()
        link.cut()
        await state_is(page, "listening", "speaking")
        assert await session_of(page) == session
        await answers(page)


@pytest.mark.long
async def test_a_quiet_line_is_left_alone(server, browser_with_microphone):
    """No sign of life is missed on a line on which nobody says anything, and none counts as the visitor's."""
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await page.click("#microphone")  # muted
        await state_is(page, "listening")
        lost = f"() => {{ window.lost = 0; {CALL}.addEventListener('change', () => {CALL}.returning && window.lost++); }}"
        await page.evaluate(lost)
        await page.wait_for_timeout(35_000)
        assert await page.evaluate("window.lost") == 0


@pytest.mark.long
async def test_signs_of_life_keep_no_line_open(own_server, browser_with_microphone):
    """The page asks for them while it is quiet; a visitor who is not there is seen off all the same."""
    server = await asyncio.to_thread(own_server, SESSION_IDLE_TIMEOUT="24")
    async with browser_with_microphone() as page:
        asked = """() => {
          window.asked = 0;
          const send = window.WebSocket.prototype.send;
          window.WebSocket.prototype.send = function (data) {
            if (new TextDecoder().decode(data).includes('"ping"')) window.asked++;
            return send.call(this, data);
          };
        }"""
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.evaluate(asked)
        await page.click("#begin")
        await state_is(page, "speaking")
        await page.click("#microphone")  # muted
        await state_is(page, "idle")
        assert await page.evaluate("window.asked") > 0


async def test_back_at_once_when_the_network_is(server, browser_with_microphone):
    async with linked(server) as link, browser_with_microphone() as page:
        await on_stage(page, link)
        session = await session_of(page)
        await page.context.set_offline(True)
        link.cut()
        await state_is(page, "gone")
        await page.wait_for_function(f"{WAITS} > 8")
        await page.context.set_offline(False)
        await state_is(page, "listening", "speaking", secs=7.5)  # it would have waited for longer
        assert await session_of(page) == session


async def test_it_goes_on_trying_through_a_long_outage(own_server, browser_with_microphone):
    server = await asyncio.to_thread(own_server)
    async with browser_with_microphone() as page:
        await page.clock.install()
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.click("#begin")
        session = await session_of(page)
        await asyncio.to_thread(server.stop, 9)
        await state_is(page, "gone")
        tries: list[str] = []
        page.on("requestfailed", lambda request: tries.append(request.url))
        async with asyncio.timeout(PATIENCE_SECS):
            while len(tries) < 30:  # the page's clock says that they took several minutes
                await page.clock.fast_forward(20_000)
                await asyncio.sleep(0.05)
        await state_is(page, "gone")
        await asyncio.to_thread(server.start)
        await page.clock.fast_forward(20_000)
        await state_is(page, "listening", "speaking")
        assert await session_of(page) == session


async def test_who_has_talked_already_waits_for_a_seat(own_server, browser_with_microphone):
    server = await asyncio.to_thread(own_server, MAX_SESSIONS_PER_WORKER="1")
    url, _ = await asyncio.to_thread(server.start_session)
    async with linked(server) as link, browser_with_microphone() as page:
        await on_stage(page, link)
        session = await session_of(page)
        link.hole()
        link.cut()
        async with asyncio.timeout(PATIENCE_SECS):
            while (await asyncio.to_thread(server.request, "/readyz")).headers["X-Seats-Taken"] != "0":
                await asyncio.sleep(0.1)
        async with Visitor(url) as seated:
            await seated.get_ready()
            link.mend()
            await state_is(page, "unavailable")
            assert "every seat is taken, trying again" in await words(page)
            assert await page.is_hidden("#again")
        assert await page.evaluate(WAITS) > 20, "a full house wants to be asked twice a minute"
        await asyncio.sleep(1)  # the seat is free when all of the other's is torn down
        await page.evaluate("window.dispatchEvent(new Event('online'))")
        await state_is(page, "listening", "speaking")
        assert await session_of(page) == session


async def test_a_voice_that_cannot_be_loaded_is_told_and_tried_again(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.evaluate("""() => {
          const load = AudioWorklet.prototype.addModule;
          AudioWorklet.prototype.addModule = function () {
            AudioWorklet.prototype.addModule = load;
            return Promise.reject(new DOMException("Unable to load a worklet's module.", "AbortError"));
          };
        }""")
        await page.click("#begin")
        await state_is(page, "failed")
        assert await words(page) == "That did not work."
        await page.click("#again")
        await state_is(page, "listening", "speaking")
