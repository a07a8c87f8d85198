"""WebKitGTK, Safari's next of kin on Linux, driven by its own WebDriver.

https://www.w3.org/TR/webdriver2/
"""

import contextlib
import json
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from tests.browser.driven import PULSEAUDIO, DrivenPage, loudspeaker, running, until
from tests.workers import free_port

DRIVER, XVFB = shutil.which("WebKitWebDriver"), shutil.which("Xvfb")
BROWSER = next(Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser"), None)
MISSING = not (DRIVER and XVFB and BROWSER and PULSEAUDIO)
WHY_NOT = (
    "needs WebKitGTK (Debian: apt-get install webkit2gtk-driver xvfb pulseaudio gstreamer1.0-pulseaudio "
    "gstreamer1.0-plugins-good gstreamer1.0-plugins-bad)"
)
ARGUMENTS = [
    "--automation",
    "--enable-media-stream=true",
    "--enable-mock-capture-devices=true",
    "--media-playback-requires-user-gesture=false",
]


class WebKitPage(DrivenPage):
    def __init__(self, http: aiohttp.ClientSession):
        self._http = http
        self._session = ""

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        async with self._http.request(method, self._session + path, json=body) as response:
            value = (await response.json(content_type=None))["value"]
            assert response.ok, value
            return value

    async def open(self) -> None:
        options = {"binary": str(BROWSER), "args": ARGUMENTS}
        wish = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        self._session = f"/session/{(await self._ask('POST', '/session', wish))['sessionId']}"

    async def close(self) -> None:
        await self._ask("DELETE", "")

    async def goto(self, url: str) -> None:
        await self._ask("POST", "/url", {"url": url})

    async def evaluate(self, expression: str) -> Any:
        then = "then((it) => arguments[0](JSON.stringify(it ?? null)))"
        script = f"Promise.resolve({expression}).{then}"
        return json.loads(await self._ask("POST", "/execute/async", {"script": script, "args": []}))

    async def _element(self, selector: str) -> str:
        found = await self._ask("POST", "/element", {"using": "css selector", "value": selector})
        return f"/element/{next(iter(found.values()))}"

    async def click(self, selector: str) -> None:
        await self._ask("POST", f"{await self._element(selector)}/click", {})

    async def type(self, text: str) -> None:
        await self._ask("POST", f"{await self._element(':focus')}/value", {"text": text})


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.asynccontextmanager
async def webkit_page(place: Path) -> AsyncIterator[WebKitPage]:
    """A WebKit of its own on a screen of its own, and a tab of it."""
    assert DRIVER
    assert XVFB
    display, port = f":{free_port()}", free_port()
    log = place / "log"
    async with loudspeaker(place) as environment:
        # Its sandbox wants namespaces that a container has not; nobody else's page is shown here.
        own = {**environment, "DISPLAY": display, "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
        screen = [XVFB, display, "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
        async with (
            running(place / "screen.log", *screen) as xvfb,
            running(log, DRIVER, f"--port={port}", **own) as driver,
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http,
        ):
            await until(lambda: Path(f"/tmp/.X11-unix/X{display[1:]}").exists(), xvfb, place / "screen.log")
            await until(lambda: _listens(port), driver, log)
            page = WebKitPage(http)
            await page.open()
            try:
                yield page
            finally:
                await page.close()
