"""A conversation by WebRTC in Chromium, and what becomes of it where the network is against it."""

import asyncio
import time

import pytest

from tests.browser.link import linked
from tests.browser.stage import CALL, audible, hang_up, on_stage, state_is, talkative
from tests.browser.udp_link import calling_through
from tests.chromium import recording
from tests.visitors import RATE_HZ, speech

KIND = f"{CALL}.line.kind"
REMEMBER_SOCKET = """localStorage.setItem("greenroom.lines", JSON.stringify({
  [navigator.connection?.type ?? ""]: { line: "websocket", at: Date.now() - 1000 },
}))"""
REMEMBERED = "JSON.parse(localStorage.getItem('greenroom.lines') ?? '{}')"


async def remembered(page) -> list[str]:
    return await page.evaluate(f"Object.values({REMEMBERED}).map((one) => one.line)")


async def test_a_visitor_talks_by_a_call_and_hears_the_answer(server, browser_with_microphone):
    async with browser_with_microphone(calls=True) as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        assert await page.evaluate(KIND) == "webrtc"
        await page.wait_for_function(f"{CALL}.sound.heard > 24000")
        await state_is(page, "listening")
        assert await remembered(page) == ["webrtc"]
        await page.wait_for_function(f"{CALL}.transcript.lines.some((l) => l.who === 'visitor' && l.final)")
        heard = await audible(page)
        await page.wait_for_function(f"{CALL}.sound.heard > {heard} + 12000")
        await state_is(page, "listening")
        assert await page.evaluate(KIND) == "webrtc"
        assert page.complaints == []
        await hang_up(page)
        await state_is(page, "ended")


# What a network does that lets no UDP through: nothing of it comes, and nobody says so.
NO_UDP = """() => {
  const answered = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (answer) {
    const sdp = answer.sdp.replace(/^a=candidate:.*\\r\\n/gm, "");
    return answered.call(this, { type: answer.type, sdp });
  };
}"""
PEERS = """() => {
  window.peers = [];
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...options) { super(...options); window.peers.push(this); }
  };
}"""


async def watched(page, *scripts: str) -> None:
    """These run in the page before its own."""
    for script in scripts:
        await page.add_init_script(f"({script})()")


async def states(page) -> None:
    """From now on `window.states` has each state that the visitor was shown."""
    await page.evaluate(
        f"""() => {{
          window.states = [];
          {CALL}.addEventListener("change", () => window.states.push({CALL}.state, String({CALL}.stalled)));
        }}"""
    )


async def say(page, words: str) -> None:
    before = await page.evaluate(f"{CALL}.transcript.turns.length")
    assert await page.evaluate(f"{CALL}.say({words!r})")
    await page.wait_for_function(
        f"{CALL}.transcript.turns.length >= {before} + 2 && {CALL}.transcript.turns.at(-1).who === 'character'"
    )


async def test_where_udp_is_closed_the_socket_serves_and_the_next_time_at_once(
    server, browser_with_microphone
):
    async with browser_with_microphone(calls=True) as page:
        await watched(page, PEERS, NO_UDP)
        await on_stage(page, server)
        await state_is(page, "speaking")
        assert await page.evaluate(KIND) == "websocket"
        assert await remembered(page) == ["websocket"]
        assert await page.evaluate("window.peers.map((one) => one.connectionState)") == ["closed"]
        await state_is(page, "listening")
        await say(page, "And now?")
        await hang_up(page)
        await state_is(page, "ended")
        await page.click("#again")
        await state_is(page, "speaking")
        assert await page.evaluate("window.peers.length") == 1, "what does not work here is not tried again"
        assert page.complaints == []


async def test_a_call_that_is_lost_goes_on_over_the_socket_without_a_word(server, browser_with_microphone):
    async with browser_with_microphone(calls=True) as page, calling_through(page) as link:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await state_is(page, "listening")
        session = await page.evaluate(f"{CALL}.session")
        assert await page.evaluate(KIND) == "webrtc"
        await states(page)
        link.hole()
        began = time.monotonic()
        await page.wait_for_function(f"{KIND} === 'websocket'")
        print(f"on the socket after {time.monotonic() - began:.1f} s")
        await say(page, "Are you still there?")
        await state_is(page, "listening")
        assert await page.evaluate(f"{CALL}.session") == session
        shown = await page.evaluate("window.states")
        assert not {"gone", "true", "replaced", "unavailable"} & set(shown), shown
        assert await remembered(page) == ["websocket"]
        assert page.complaints == []


async def test_a_question_that_is_asked_into_a_lost_call_is_answered(
    server, browser_with_microphone, tmp_path
):
    """The line goes while the visitor speaks: what was said meanwhile goes over the socket."""
    asked = recording(
        tmp_path / "once.wav", bytes(2 * RATE_HZ * 8) + speech().tobytes() + bytes(2 * RATE_HZ * 60)
    )
    async with browser_with_microphone(asked, calls=True) as page, calling_through(page) as link:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await state_is(page, "listening")
        assert await page.evaluate(KIND) == "webrtc"
        await page.wait_for_function(f"{CALL}.levels.visitor > 0.02")
        link.hole()
        await page.wait_for_function(f"{KIND} === 'websocket'")
        await page.wait_for_function(f"{CALL}.transcript.lines.some((l) => l.who === 'visitor' && l.final)")
        await state_is(page, "speaking")


async def test_a_question_that_waits_for_its_answer_is_answered_on_the_next_line(
    own_server, browser_with_microphone
):
    server = await asyncio.to_thread(own_server, LLM_PROVIDER="tests.voicebot.players.SlowLLM")
    async with browser_with_microphone(calls=True) as page, calling_through(page) as link:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await state_is(page, "listening")
        assert await page.evaluate(f"{CALL}.say('And what then?')")
        link.hole()
        await page.wait_for_function(f"{KIND} === 'websocket'")
        await page.wait_for_function(f"{CALL}.transcript.turns.at(-1).who === 'character'")


@pytest.mark.local
async def test_speaking_over_the_character_silences_it(local_server, browser_with_microphone, tmp_path):
    async with browser_with_microphone(talkative(tmp_path / "again.wav"), calls=True) as page:
        await on_stage(page, local_server)
        await page.wait_for_function(f"{CALL}.transcript.lines.some((l) => l.cut && l.text)")
        assert await page.evaluate(KIND) == "webrtc"


async def test_a_word_in_writing_silences_a_reply_at_once(server, browser_with_microphone):
    async with browser_with_microphone(calls=True) as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await page.wait_for_function(f"{CALL}.sound.heard > 8000")
        await page.click("#interrupt")
        await page.wait_for_function(f"!{CALL}.sound.playing")
        heard = await audible(page)
        await asyncio.sleep(1.5)
        assert await audible(page) - heard < 4000, "less than a fifth of a second of a call's 48 kHz"
        await say(page, "What is your ship called?")
        await page.wait_for_function(f"{CALL}.sound.heard > {heard} + 12000")


async def test_a_visitor_comes_back_by_a_call(server, browser_with_microphone):
    async with browser_with_microphone(calls=True) as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await state_is(page, "listening")
        session = await page.evaluate(f"{CALL}.session")
        await page.goto(f"{server.url}/talk/captain-marlow/?session={session}")
        await page.click("#begin")
        await state_is(page, "listening")
        assert await page.evaluate(f"[{KIND}, {CALL}.session]") == ["webrtc", session]
        await say(page, "I am back.")


async def test_a_socket_that_loses_sound_is_left_for_a_call_in_a_quiet_moment(
    server, browser_with_microphone
):
    async with linked(server) as tcp, browser_with_microphone(calls=True) as page:
        await page.add_init_script(REMEMBER_SOCKET)
        await page.goto(f"{tcp.url}/talk/captain-marlow/")
        tcp.thin(300)
        await page.click("#begin")
        await state_is(page, "speaking", "listening")
        assert await page.evaluate(KIND) == "websocket"
        session = await page.evaluate(f"{CALL}.session")
        await states(page)
        for turn in range(4):  # until the page has noticed what the line carries
            if await page.evaluate(KIND) == "websocket":
                await say(page, f"And then, after {turn}?")
                await state_is(page, "listening")
                await asyncio.sleep(3)
        await page.wait_for_function(f"{KIND} === 'webrtc'")
        heard = await audible(page)
        await say(page, "Do I hear you better now?")
        await page.wait_for_function(f"{CALL}.sound.heard > {heard} + 24000")
        assert await page.evaluate(f"[{CALL}.session, {CALL}.thin]") == [session, False]
        shown = await page.evaluate("window.states")
        assert not {"gone", "replaced", "unavailable"} & set(shown), shown
        assert await remembered(page) == ["webrtc"]


async def test_the_panel_says_which_line_it_is(server, browser_with_microphone):
    async with browser_with_microphone(calls=True) as page:
        await page.add_init_script("localStorage.setItem('greenroom.settings', '{}')")
        await on_stage(page, server)
        await state_is(page, "listening", "speaking")
        assert "(WebRTC); 0 %" in await page.evaluate("document.getElementById('latency-line').textContent")


async def test_without_calls_on_the_server_none_is_tried(own_server, browser_with_microphone):
    server = await asyncio.to_thread(own_server, TRANSPORTS="websocket")
    async with browser_with_microphone(calls=True) as page:
        await watched(page, PEERS)
        async with page.expect_request("**/api/start") as started:
            await on_stage(page, server)
        assert (await started.value).post_data_json["transport"] == "websocket"
        await state_is(page, "speaking")
        assert await page.evaluate(f"[{KIND}, window.peers.length]") == ["websocket", 0]
