"""What a visit costs: bytes over the line, until the button does something, and what moves meanwhile."""

import io
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from playwright.async_api import CDPSession, Page

MOST_BYTES = 124_000  # of the stage, without its portrait; calls beside the socket take two thousand of them
MOST_BEFORE_THE_BUTTON = 60_000  # HTML, style and script: all that it waits for
FONTS = Path("voicebot/static/voicebot/fonts")


async def bytes_over_the_line(page: Page, address: str) -> dict[str, int]:
    """Loads a page with an empty cache, until nothing more comes: the bytes of each answer, with its headers."""
    session: CDPSession = await page.context.new_cdp_session(page)
    addresses: dict[str, str] = {}
    sizes: dict[str, int] = {}
    session.on("Network.responseReceived", lambda e: addresses.update({e["requestId"]: e["response"]["url"]}))
    session.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}))
    await session.send("Network.enable")
    await page.goto(address, wait_until="networkidle")
    await session.detach()
    return {addresses[request]: size for request, size in sizes.items() if request in addresses}


async def test_the_stage_is_light(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        came = await bytes_over_the_line(page, f"{server.url}/talk/captain-marlow/")
        came = {address: size for address, size in came.items() if "/media/" not in address}
        # The worklets come with the call.
        for name in ("recorder", "player"):
            address = await page.get_attribute(
                "#stage", f"data-{'worklet' if name == 'player' else name}-url"
            )
            came[address] = int(server.request(address, Accept_Encoding="br").headers["Content-Length"])
        assert any("rtvi-client" in address for address in came), (
            "which is there before the button is pressed"
        )
        assert sum(came.values()) < MOST_BYTES, came
        first = [s for a, s in came.items() if a.endswith((".css", "/")) or "/stage." in a]
        assert len(first) == 3
        assert sum(first) < MOST_BEFORE_THE_BUTTON, came
        again = await bytes_over_the_line(page, f"{server.url}/talk/captain-marlow/")
        assert sum(size for address, size in again.items() if "/static/" in address) == 0, "all of it is kept"


@pytest.mark.parametrize(("name", "axes"), [("fraunces", []), ("inter", [("wght", 400, 600)])])
def test_fonts_hold_what_is_shown_and_no_more(name, axes):
    data = (FONTS / f"{name}.woff2").read_bytes()
    assert len(data) < 25_000
    font = TTFont(io.BytesIO(data))
    letters = {*range(0x20, 0x7F), *range(0xA0, 0x100), *map(ord, "–—‘’“”…€")} - {0xAD}
    assert letters <= set(font.getBestCmap())
    kept = font["fvar"].axes if "fvar" in font else []
    assert [(axis.axisTag, axis.minValue, axis.maxValue) for axis in kept] == axes
