"""Firefox, driven by WebDriver BiDi over the WebSocket that it opens itself: no geckodriver is needed.

https://www.w3.org/TR/webdriver-bidi/
"""

import asyncio
import contextlib
import itertools
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import websockets

from tests.browser.driven import DrivenPage, loudspeaker, running, until

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
WHY_NOT = "needs Firefox and PulseAudio (Debian: apt-get install firefox-esr pulseaudio)"
PREFERENCES = {
    # A microphone that needs no sound card, and nobody to allow it.
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    # It shall ask nobody outside for anything.
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
}


class FirefoxPage(DrivenPage):
    """One tab. `complaints` is what its console calls errors."""

    def __init__(self, socket: websockets.ClientConnection):
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._context = ""
        self.complaints: list[str] = []

    async def read(self) -> None:
        """Takes what the browser says, until it says no more."""
        async for raw in self._socket:
            message = json.loads(raw)
            if message["type"] == "event":
                if message["method"] == "log.entryAdded" and message["params"]["level"] == "error":
                    self.complaints.append(message["params"]["text"])
            elif answer := self._answers.pop(message["id"], None):
                answer.set_result(message)

    async def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        message = await asyncio.wait_for(answer, 60)
        assert message["type"] == "success", message
        result: dict[str, Any] = message["result"]
        return result

    async def open(self) -> None:
        await self._ask("session.new", capabilities={})
        await self._ask("session.subscribe", events=["log.entryAdded"])
        tree = await self._ask("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]

    async def goto(self, url: str) -> None:
        await self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def evaluate(self, expression: str) -> Any:
        """What an expression, or a promise, comes to: anything that JSON can hold."""
        result = await self._ask(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then((it) => JSON.stringify(it ?? null))",
            target={"context": self._context},
            awaitPromise=True,
        )
        assert result["type"] == "success", result["exceptionDetails"]["text"]
        return json.loads(result["result"]["value"])

    async def _act(self, kind: str, *actions: dict[str, Any], **more: Any) -> None:
        source = {"type": kind, "id": kind, "actions": list(actions), **more}
        await self._ask("input.performActions", context=self._context, actions=[source])

    async def click(self, selector: str) -> None:
        """As a hand does: in the middle of what can be seen of it."""
        x, y = await self.evaluate(f"""(() => {{
          const element = document.querySelector({json.dumps(selector)});
          element.scrollIntoView({{block: "nearest"}});
          const {{ left, top, width, height }} = element.getBoundingClientRect();
          return [left + width / 2, top + height / 2];
        }})()""")
        await self._act(
            "pointer",
            {"type": "pointerMove", "x": round(x), "y": round(y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        )

    async def type(self, text: str) -> None:
        await self._act(
            "key", *({"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp"))
        )


def _profile(place: Path) -> None:
    place.mkdir()
    wishes = [f'user_pref("{name}", {json.dumps(value)});' for name, value in PREFERENCES.items()]
    (place / "user.js").write_text("\n".join(wishes))


@contextlib.asynccontextmanager
async def firefox_page(profile: Path) -> AsyncIterator[FirefoxPage]:
    """A Firefox of its own with a fresh profile, and a tab of it."""
    assert FIREFOX
    _profile(profile)
    log, told = profile / "log", profile / "WebDriverBiDiServer.json"
    options = ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile", str(profile)]
    async with (
        loudspeaker(profile) as environment,
        running(log, FIREFOX, *options, **environment) as process,
    ):
        await until(lambda: told.exists() and told.read_text().endswith("}"), process, log)
        port = json.loads(told.read_text())["ws_port"]
        async with websockets.connect(f"ws://127.0.0.1:{port}/session", max_size=None) as socket:
            page = FirefoxPage(socket)
            reading = asyncio.create_task(page.read())
            await page.open()
            yield page
            reading.cancel()
