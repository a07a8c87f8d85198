"""The stage in a real browser, with a WAV as microphone."""

import asyncio

import numpy as np
import psycopg
import pytest
import soxr

from tests.browser.stage import CALL, audible, hang_up, lines, on_stage, state_is, talkative
from tests.patience import PATIENCE_SECS
from tests.visitors import RATE_HZ
from tests.words import letter_error_rate, words

KEPT = f"""async () => {{
  const session = await (await fetch("/api/sessions/" + {CALL}.session)).json();
  const cut = session.turns.filter((t) => t.role === "assistant" && t.interrupted);
  window.kept = cut.map((t) => t.text).slice(0, 1);
  return window.kept.length === 1;
}}"""  # the first turn that was cut off, as the server keeps it


@pytest.mark.local
@pytest.mark.long
async def test_a_spoken_conversation_from_the_gallery_on(local_server, browser_with_microphone):
    """The whole way, with real ears, a real mind and a real voice."""
    async with browser_with_microphone() as page:
        await page.goto(local_server.url + "/")
        await page.get_by_role("link", name="Captain Marlow").first.click()
        await page.get_by_role("button", name="Talk with Captain Marlow").click()
        await state_is(page, "speaking")
        await page.wait_for_function(f"{CALL}.sound.heard > 24000")  # a second of the greeting
        greeting = await page.inner_text("#caption")
        assert greeting.startswith("Ahoy there")
        asked = "(l) => l.who === 'visitor' && l.final && /dragon/i.test(l.text)"
        await page.wait_for_function(f"{CALL}.transcript.lines.some({asked})")
        await state_is(page, "speaking")
        heard = await audible(page)
        await page.wait_for_function(f"{CALL}.sound.heard > {heard} + 12000")
        await state_is(page, "listening")
        await page.wait_for_function(f"{CALL}.transcript.lines.at(-1).final")  # its last word was heard, too
        said = await lines(page)
        # One question, in one piece or two: there is a pause after "Hello there".
        heard_lines = [line["text"] for line in said if line["who"] == "visitor"]
        assert {"story", "dragon"} <= set(words(" ".join(heard_lines)))
        reply = said[-1]
        assert reply["who"] == "character"
        assert reply["text"].rstrip("\"')*\u201d\u2019")[-1] in ".!?…", "a whole sentence"
        await page.click("#transcript-toggle")
        shown = await page.inner_text("#lines")
        assert all(line in shown for line in heard_lines)
        assert reply["text"].strip() in shown


async def test_the_page_plays_all_of_the_voice_and_complains_of_nothing(server, browser_with_microphone):
    """Gaps are counted in samples, not in a busy browser: see client/test/player.test.js."""
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await state_is(page, "listening")
        heard = await audible(page)
        assert heard > 2 * 24_000 * 0.8, "two seconds of tone"
        assert page.complaints == []


@pytest.mark.local
async def test_speaking_over_the_character_silences_it_in_the_page(
    local_server, browser_with_microphone, tmp_path
):
    async with browser_with_microphone(talkative(tmp_path / "again.wav")) as page:
        await on_stage(page, local_server)
        await page.wait_for_function(f"{CALL}.transcript.lines.some((l) => l.cut && l.text)")
        cut = next(line["text"] for line in await lines(page) if line["cut"])
        greeting = (
            "Ahoy there, friend. I am Captain Marlow. Pull up a barrel and tell me, "
            "where does the wind bring you from?"
        )
        assert greeting.startswith(cut)
        await page.wait_for_function(KEPT)
        (kept,) = await page.evaluate("window.kept")
        assert greeting.startswith(kept), "what is remembered is what was heard"
        assert len(kept) < len(greeting)
        await page.click("#transcript-toggle")
        assert "(you spoke)" in await page.evaluate(
            "getComputedStyle(document.querySelector('#lines .cut p'), '::after').content"
        )


async def test_typing_instead_of_speaking(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "listening", "speaking")
        await page.click("#type")
        await page.fill("#typed", "Hello <b>in writing</b>")
        await page.keyboard.press("Enter")
        await page.wait_for_function(
            f"{CALL}.transcript.lines.some((l) => l.text.includes('scripted reply'))"
        )
        await page.click("#transcript-toggle")
        assert "Hello <b>in writing</b>" in await page.inner_text("#lines")
        assert await page.locator("#lines b b").count() == 0


async def test_mute_is_shown_and_heard(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "listening", "speaking")
        await page.get_by_role("button", name="Mute", exact=True).click()
        await page.wait_for_selector("#state:text-is('you are muted')")  # the greeting is over
        assert await page.get_attribute("#microphone", "aria-pressed") == "true"
        await asyncio.sleep(9)  # the question is asked of a closed microphone
        assert not [line for line in await lines(page) if line["who"] == "visitor"]
        await page.get_by_role("button", name="Mute", exact=True).click()  # one name, pressed or not
        assert await page.inner_text("#state") != "you are muted"


async def test_a_refused_microphone_is_explained_and_typing_still_works(server, browser_with_microphone):
    async with browser_with_microphone(allow=False) as page:
        await on_stage(page, server)
        await state_is(page, "listening", "speaking")
        assert await page.is_visible("#refused")
        assert await page.is_disabled("#microphone")
        await page.click("#type")
        await page.fill("#typed", "Can you hear me?")
        await page.keyboard.press("Enter")
        await page.wait_for_function(
            f"{CALL}.transcript.lines.some((l) => l.text.includes('scripted reply'))"
        )


@pytest.mark.long
async def test_nobody_thinks_about_a_cough(own_server, browser_with_microphone):
    server = await asyncio.to_thread(own_server, STT_PROVIDER="tests.voicebot.players.DeafSTT")
    async with browser_with_microphone() as page:
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.evaluate(f"""() => {{
          window.states = [];
          const seen = () => window.states.push({CALL}.state);
          {CALL}.addEventListener("change", seen);
          const told = {CALL}.callbacks;
          Object.defineProperty({CALL}, "callbacks", {{ get: () => ({{ ...told, onUserStoppedSpeaking: () => {{
            window.stopped = true;
            told.onUserStoppedSpeaking();
          }} }}) }});
        }}""")
        await page.click("#begin")
        await page.wait_for_function("window.stopped")
        await state_is(page, "listening")
        assert "thinking" not in await page.evaluate("window.states")


async def greeting_is_noted(server, session: str) -> None:
    """Waits until the database knows that the greeting sounded: who is lost before is greeted again, rightly."""
    asked = "SELECT greeted FROM sessions_app_voicesession WHERE id = %s"
    async with await psycopg.AsyncConnection.connect(server.database, autocommit=True) as database:
        async with asyncio.timeout(PATIENCE_SECS):
            while (await (await database.execute(asked, [session])).fetchone()) != (True,):
                await asyncio.sleep(0.05)


async def test_a_lost_connection_is_shown_and_mended(own_server, browser_with_microphone):
    server = await asyncio.to_thread(own_server)
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "speaking")
        await page.wait_for_function(f"{CALL}.session")
        session = await page.evaluate(f"{CALL}.session")
        await greeting_is_noted(server, session)
        await asyncio.to_thread(server.stop, 9)
        await state_is(page, "gone")
        assert "connection lost, trying again in" in await page.inner_text("#state")
        await asyncio.to_thread(server.start)
        await state_is(page, "listening")
        assert await page.evaluate(f"{CALL}.session") == session
        before = await audible(page)
        await asyncio.sleep(1)
        assert await audible(page) == before, "it greeted a second time"


async def test_ending_leaves_a_goodbye_and_a_way_back(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, server)
        await state_is(page, "listening", "speaking")
        await hang_up(page)
        await state_is(page, "ended")
        assert await page.inner_text("#state") == "Goodbye."
        assert await page.is_hidden("#bar")
        await page.get_by_role("button", name="Talk again").click()
        await state_is(page, "listening", "speaking")


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_on_a_phone_everything_is_within_reach(server, browser_with_microphone, scheme):
    phone = {"viewport": {"width": 320, "height": 640}, "color_scheme": scheme, "has_touch": True}
    async with browser_with_microphone(**phone) as page:
        for path in ("/", "/talk/captain-marlow/"):
            await page.goto(server.url + path)
            assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        await page.click("#begin")
        await state_is(page, "listening", "speaking")
        for button in ("#type", "#microphone", "#end"):
            box = await page.locator(button).bounding_box()
            assert box["y"] + box["height"] <= 640
            assert box["width"] >= 44
        await page.click("#transcript-toggle")
        assert await page.is_visible("#lines")


@pytest.mark.local
async def test_what_the_page_plays_is_what_the_character_says(local_server, browser_with_microphone):
    """Records the samples that reach the page's loudspeaker and has Whisper write them down."""
    from voicebot.providers.local import whisper

    async with browser_with_microphone() as page:
        await page.add_init_script(
            """window.heard = [];
            const connect = AudioNode.prototype.connect;
            AudioNode.prototype.connect = function (target, ...rest) {
              const voice = this instanceof GainNode && this.context.sampleRate === 24000;
              if (voice && target === this.context.destination) {
                const tap = this.context.createScriptProcessor(4096, 1, 1);
                tap.onaudioprocess = (e) => window.heard.push(Array.from(e.inputBuffer.getChannelData(0)));
                connect.call(this, tap);
                connect.call(tap, target);
              }
              return connect.call(this, target, ...rest);
            };"""
        )
        await on_stage(page, local_server, "inspector-fenn")
        await page.get_by_role("button", name="Mute", exact=True).click()
        await state_is(page, "speaking")
        await state_is(page, "listening")
        samples = np.concatenate([np.array(part) for part in await page.evaluate("window.heard")])
    assert np.sqrt((samples**2).mean()) > 0.01
    pcm = (soxr.resample(samples, 24_000, RATE_HZ) * 32767).astype(np.int16)
    heard = await asyncio.to_thread(whisper.transcribe, pcm.tobytes())
    greeting = "Inspector Fenn. Mind the puddle. Now, start at the beginning, and leave nothing out."
    # Whisper may write "In Spectra Fen"; any other sentence has 0.6 and more.
    assert letter_error_rate(greeting, heard) < 0.4, heard
