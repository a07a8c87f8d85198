"""A bad line: a stall is shown and bounded, and what closes a connection has its own sentence and its own next step."""

import asyncio
import time

from tests.browser.link import linked
from tests.browser.stage import CALL, hang_up, on_stage, state_is, talkative
from tests.browser.test_coming_back import answers, session_of, words
from tests.visitors import Visitor

SENT = """() => {
  window.sent = 0;
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (data.byteLength > 500) window.sent += data.byteLength;  // sound, not a message
    return send.call(this, data);
  };
}"""
BYTES_PER_SEC = 32_000
HZ = f"{CALL}.line.rate.hz"


async def test_a_stall_is_shown_within_three_seconds_and_its_end_at_once(server, browser_with_microphone):
    async with linked(server) as link, browser_with_microphone() as page:
        await on_stage(page, link)
        session = await session_of(page)
        await state_is(page, "speaking")
        await state_is(page, "listening")
        link.hole()
        began = time.monotonic()
        await page.wait_for_function(f"{CALL}.stalled")
        took = time.monotonic() - began
        print(f"shown after {took:.1f} s")
        assert took < 8, "three seconds, and a busy machine"
        assert "the connection stalls" in await words(page)
        link.mend()
        await page.wait_for_function(f"!{CALL}.stalled")
        assert "stalls" not in await words(page)
        assert await session_of(page) == session
        await answers(page)


async def test_sound_of_a_stall_is_bounded(server, browser_with_microphone, tmp_path):
    async with (
        linked(server) as link,
        browser_with_microphone(talkative(tmp_path / "a.wav", pause_secs=0.2)) as page,
    ):
        await page.goto(f"{link.url}/talk/captain-marlow/")
        await page.evaluate(SENT)
        await page.click("#begin")
        await session_of(page)
        await page.wait_for_function(f"{CALL}.levels.visitor > 0.02")
        link.hole()
        await page.wait_for_function(f"{CALL}.stalled")
        before = await page.evaluate("window.sent")
        await page.wait_for_timeout(9000)
        assert await page.evaluate("window.sent") == before, "a line that carries nothing is given no sound"
        link.mend()
        await page.wait_for_function(f"!{CALL}.stalled")
        flood = (await page.evaluate("window.sent") - before) / BYTES_PER_SEC
        print(f"sent at once: {flood:.1f} s of sound")
        assert 3 < flood < 6


async def test_a_full_house_lets_in_by_itself(own_server, browser_with_microphone):
    server = await asyncio.to_thread(own_server, MAX_SESSIONS_PER_WORKER="1")
    url, _ = await asyncio.to_thread(server.start_session)
    async with browser_with_microphone() as page:
        await page.clock.install()
        async with Visitor(url) as seated:
            await seated.get_ready()
            await page.goto(f"{server.url}/talk/captain-marlow/")
            await page.click("#begin")
            await state_is(page, "full")
            assert await page.evaluate(f"{CALL}.line.retryAt - Date.now()") > 20_000, "as Retry-After has it"
            assert "The next try is in" in await words(page)
            assert await page.is_visible("#end")
        await asyncio.sleep(1)  # the seat is free when all of the other's is torn down
        await page.clock.fast_forward(60_000)
        await state_is(page, "listening", "speaking")


async def test_a_full_house_is_asked_at_once_by_a_press_and_not_at_all_after_a_goodbye(
    own_server, browser_with_microphone
):
    server = await asyncio.to_thread(own_server, MAX_SESSIONS_PER_WORKER="1")
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as seated, browser_with_microphone() as page:
        await seated.get_ready()
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.click("#begin")
        await state_is(page, "full")
        async with page.expect_response("**/api/start") as again:
            await page.click("#again")
        assert (await again.value).status == 503
        await state_is(page, "full")
        await hang_up(page)
        await state_is(page, "ended")


async def test_too_much_sound_is_called_by_its_name_and_passes(own_server, browser_with_microphone):
    server = await asyncio.to_thread(own_server, AUDIO_BURST_SECS="3", AUDIO_SECS_PER_SEC="0.5")
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        session = await session_of(page)
        await state_is(page, "unavailable")
        assert "that was too much at once" in await words(page)
        assert await page.is_hidden("#again")
        await state_is(page, "listening", "speaking")
        assert await session_of(page) == session


async def test_a_thin_line_gets_less_sound_and_one_that_is_thinner_still_a_conversation_in_writing(
    server, browser_with_microphone
):
    async with linked(server) as link, browser_with_microphone() as page:
        await page.goto(f"{link.url}/talk/captain-marlow/")
        assert await page.evaluate(HZ) == 24_000
        link.thin(256)
        rates = await page.evaluate_handle("""() => {
          const rates = [];
          const send = WebSocket.prototype.send;
          WebSocket.prototype.send = function (data) {
            const size = data.byteLength ?? 0;
            if (size > 500) rates.push(size < 800 ? 8000 : 16000);  // 32 ms of sound
            return send.call(this, data);
          };
          return rates;
        }""")
        await page.click("#begin")
        await page.wait_for_function(f"{HZ} === 8000")
        await page.wait_for_function(f"{CALL}.sound.heard > 24000")  # and the voice goes on
        await page.wait_for_function("(rates) => rates.at(-1) === 8000", arg=rates)
        await state_is(page, "listening")

        link.thin(64)
        await page.wait_for_function(f"{HZ} === 0 || ({CALL}.say('And then?'), false)", polling=4000)
        assert "too slow for sound" in await words(page)
        assert await page.is_visible("#typed")
        sent = len(await rates.json_value())
        heard = await page.evaluate(f"{CALL}.sound.heard")
        before = await page.evaluate(f"{CALL}.transcript.turns.length")
        await page.fill("#typed", "What is your ship called?")
        await page.press("#typed", "Enter")
        await page.wait_for_function(
            f"""(before) => {{
              const turns = {CALL}.transcript.turns;
              return turns.length >= before + 2 && turns.at(-1).who === "character" && {CALL}.state === "listening";
            }}""",
            arg=before,
        )
        assert await page.evaluate(f"{CALL}.sound.heard") - heard < 24_000, "no more than was under way"
        assert len(await rates.json_value()) == sent
