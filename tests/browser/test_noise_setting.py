"""Noise suppression in the settings: what the browser is asked for changes in the running call."""

from tests.browser.stage import CALL, on_stage, state_is
from tests.servers import ROOT

TRACKS_JS = (ROOT / "tests" / "browser" / "moments.js").read_text()
LIVE = """() => window.opened.tracks.filter((track) => track.readyState === "live").map(
  (track) => ({ asked: track.wish.noiseSuppression, has: track.getSettings().noiseSuppression }))"""


async def suppressed(page, wanted: bool) -> None:
    """Waits until one microphone is open, which was asked for so and is so."""
    only = f"""(wanted) => {{
      const live = ({LIVE})();
      return live.length === 1 && live[0].asked === wanted && live[0].has === wanted;
    }}"""
    await page.wait_for_function(only, arg=wanted)


async def test_noise_suppression_is_switched_in_the_running_call(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await page.add_init_script(TRACKS_JS)
        await on_stage(page, server)
        await state_is(page, "speaking", "listening")
        session = await page.evaluate(f"{CALL}.session")
        await suppressed(page, True)
        await page.click("[data-opens=settings]")
        await page.uncheck("[name=noise]")
        await suppressed(page, False)
        await page.check("[name=noise]")
        await suppressed(page, True)
        assert await page.evaluate(f"{CALL}.session") == session, "the conversation went on"
        assert await page.evaluate("window.left().sockets") == 1
        assert not page.complaints
