"""What a visitor has in hand: push to talk, interruption, settings, keys, and what is left afterwards."""

import asyncio
import json

import pytest

from tests.browser.stage import CALL, audible, hang_up, lines, on_stage, state_is, talkative
from tests.visitors import Visitor

# The page's own record of the moment, every 10 ms: when the visitor is heard, when the voice is gone.
WATCH = f"""() => {{
  window.watched = [];
  setInterval(() => {{
    const call = {CALL};
    window.watched.push([performance.now(), call.levels.visitor, call.sound.playing, call.state]);
  }}, 10);
}}"""
VISITOR_LOUD = 0.02


def silences(watched: list) -> list[float]:
    """For each time that the visitor began to speak over the voice: the seconds until it was silent."""
    found, began = [], None
    quiet_since = 0.0
    for at, visitor, playing, state in watched:
        if visitor > VISITOR_LOUD:
            if began is None and playing and state == "speaking" and at - quiet_since > 500:
                began = at
            quiet_since = at
        if began is not None and not playing:
            found.append((at - began) / 1000)
            began = None
    return found


async def test_three_turns_with_a_barge_in(server, browser_with_microphone, tmp_path):
    async with browser_with_microphone(talkative(tmp_path / "again.wav", pause_secs=1.8)) as page:
        await on_stage(page, server)
        await page.evaluate(WATCH)
        three = f"{CALL}.transcript.turns.filter((t) => t.who === 'visitor').length >= 3"
        await page.wait_for_function(three)
        took = silences(await page.evaluate("window.watched"))
        assert took, "nobody spoke over the voice"
        print(f"from the first syllable to silence in the page: {[round(t, 3) for t in took]} s")
        assert min(took) < 0.6
        assert page.complaints == []


async def test_push_to_talk_hears_only_while_it_is_held(server, browser_with_microphone, tmp_path):
    async with browser_with_microphone(talkative(tmp_path / "again.wav", pause_secs=0.5)) as page:
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.click("[data-opens=settings]")
        await page.check("input[value=push]")
        await page.keyboard.press("Escape")
        await page.click("#begin")
        await state_is(page, "speaking")
        await state_is(page, "listening")
        assert "hold the space bar" in await page.inner_text("#state")
        await page.wait_for_timeout(4500)  # more than a question is asked of a closed microphone
        assert not [line for line in await lines(page) if line["who"] == "visitor"]
        await page.keyboard.down("Space")
        await page.wait_for_function(f"{CALL}.levels.visitor > 0.02")
        assert await page.get_attribute("#microphone", "aria-pressed") == "true"
        await page.wait_for_timeout(2500)
        await page.keyboard.up("Space")
        await page.wait_for_function(f"{CALL}.transcript.lines.some((l) => l.who === 'visitor')")
        await state_is(page, "speaking")


async def test_the_button_interrupts_and_what_was_not_heard_is_gone(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await page.wait_for_function(
            f"{CALL}.sound.heard > 60_000"
        )  # a whole sentence is two seconds of 24 kHz
        await page.click("#interrupt")
        await state_is(page, "listening")
        await page.wait_for_function(f"!{CALL}.sound.playing")
        before = await audible(page)
        await page.wait_for_timeout(800)
        # What fades out, what was on its way into the sound card, and a report that came late; not 0.8 s of speech.
        assert await audible(page) - before <= 4_800
        kept = f"""async () => {{
          const session = await (await fetch("/api/sessions/" + {CALL}.session)).json();
          return session.turns.some((turn) => turn.role === "assistant" && turn.interrupted);
        }}"""
        await page.wait_for_function(kept)


async def test_settings_hold_and_are_kept_in_the_browser(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await page.click("[data-opens=settings]")
        await page.wait_for_function(
            "document.querySelector('#settings [name=microphone]').options.length > 1"
        )
        await page.locator("[name=volume]").fill("0.3")
        await page.locator("[name=speed]").fill("1.3")
        await page.uncheck("[name=noise]")
        assert await page.evaluate(f"{CALL}.player._gain.gain.value") == pytest.approx(0.3)
        known = f"""async () => {{
          const session = await (await fetch("/api/sessions/" + {CALL}.session)).json();
          return session.metadata.voiceSpeed === 1.3;
        }}"""
        await page.wait_for_function(known)
        await page.reload()
        settings = await page.evaluate(f"{CALL}.settings")
        assert settings["volume"] == 0.3
        assert settings["speed"] == 1.3
        assert settings["noise"] is False


async def test_the_meter_shows_that_the_microphone_hears_before_one_calls(
    server, browser_with_microphone, tmp_path
):
    async with browser_with_microphone(talkative(tmp_path / "again.wav", pause_secs=0.2)) as page:
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.click("[data-opens=settings]")
        await page.wait_for_function("document.querySelector('#settings meter').value > 0.3")


async def test_keys_do_what_the_help_says(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await page.keyboard.press("?")
        assert await page.is_visible("#help")
        await page.keyboard.press("m")  # nothing happens behind a dialog
        assert not await page.evaluate(f"{CALL}.muted")
        await page.keyboard.press("Escape")
        await page.keyboard.press("m")
        assert await page.evaluate(f"{CALL}.muted")
        await page.keyboard.press("l")
        assert await page.is_visible("#transcript")
        await page.keyboard.press("t")
        await page.keyboard.type("mute? no")
        assert await page.input_value("#typed") == "mute? no"
        assert await page.evaluate(f"{CALL}.muted"), "keys are letters while one writes"


async def test_where_the_time_of_a_reply_went(server, browser_with_microphone, tmp_path):
    async with browser_with_microphone(talkative(tmp_path / "again.wav")) as page:
        await on_stage(page, server)
        await page.wait_for_function(f"{CALL}.latencies.length > 0")
        assert await page.is_hidden("#latency"), "only for who wants it"
        await page.click("[data-opens=settings]")
        await page.check("[name=latency]")
        await page.keyboard.press("Escape")
        shown = await page.inner_text("#latency")
        assert shown.endswith(" s")
        await page.click("#latency")
        assert await page.locator("#latency-chart rect").count() % 4 == 0
        assert await page.is_visible("#latency-legend li")


async def test_what_is_left_of_a_conversation_can_be_taken_away_and_erased(server, browser_with_microphone):
    async with browser_with_microphone(accept_downloads=True) as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await page.keyboard.press("t")
        await page.fill("#typed", "Remember the <lamp>.")
        await page.keyboard.press("Enter")
        await page.wait_for_function(f"{CALL}.transcript.lines.some((l) => l.text.includes('scripted'))")
        await state_is(page, "listening")
        await hang_up(page)
        await state_is(page, "ended")
        assert "You talked for" in await page.inner_text("#summary-words")
        files = {}
        for what in ("text", "json", "vtt"):
            if what == "json":
                await page.click("#summary summary")
            async with page.expect_download() as download:
                await page.click(f"[data-what={what}]")
            files[what] = (await (await download.value).path()).read_text()
        assert "You: Remember the <lamp>." in files["text"]
        turns = json.loads(files["json"])["turns"]
        assert any(turn["text"] == "Remember the <lamp>." for turn in turns)
        assert files["vtt"].startswith("WEBVTT")
        assert "Remember the &lt;lamp&gt;." in files["vtt"]
        session = await page.evaluate(f"{CALL}.session")
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        await page.click("#summary [data-what=erase]")
        await page.wait_for_function(
            "document.querySelector('#summary-words').textContent.startsWith('Erased')"
        )
        assert await page.evaluate(f"fetch('/api/sessions/{session}').then((r) => r.status)") == 404


async def test_a_conversation_ends_for_its_visitor_even_if_nobody_answers(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        # Pipecat's client forgets its open requests when the line closes: they are never settled.
        await page.evaluate(
            f"() => {{ {CALL}.line.client.sendClientRequest = () => new Promise(() => undefined); }}"
        )
        await hang_up(page)
        await state_is(page, "ended")


async def test_a_full_house_says_so_and_offers_another_try(own_server, browser_with_microphone):
    server = await asyncio.to_thread(own_server, MAX_SESSIONS_PER_WORKER="1")
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as seated, browser_with_microphone() as page:
        await seated.get_ready()
        await on_stage(page, server)
        await state_is(page, "full")
        assert "Every seat is taken" in await page.inner_text("#state")
        assert await page.inner_text("#again") == "Try again"
