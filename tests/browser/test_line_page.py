"""The operators' page of calls in a real browser, against a real server and a real TURN server."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.browser.test_everyone import violations
from tests.browser.test_small_desk import BEYOND
from tests.turn_server import turn_server
from tests.workers import free_port

PAGE = "/admin/voicebot/providerprofile/line/"
STEPS = """() => [...document.querySelectorAll(".line-steps li")].map((item) => {
  const [mark, what] = item.querySelectorAll("span");
  const advice = item.querySelector("p")?.textContent ?? "";
  return [item.parentElement.dataset.of, what.textContent, mark.dataset.passed, advice];
})"""
# What a network does that lets no UDP through to the server: straight packets come nowhere.
NO_UDP = """(() => {
  const answered = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (answer) {
    const straight = this.getConfiguration().iceTransportPolicy !== "relay";
    const sdp = straight ? answer.sdp.replace(/^a=candidate:.*\\r\\n/gm, "") : answer.sdp;
    return answered.call(this, { type: answer.type, sdp });
  };
})()"""
PICTURES = os.environ.get("DESK_PICTURES", "")  # a folder, for whoever wants to look


class Found:
    """The steps as the page shows them, by where they were tried and how they begin."""

    def __init__(self, shown: list[tuple[str, str, str, str]]):
        self.shown = shown

    def _of(self, side: str, begins: str) -> list[tuple[str, str, str, str]]:
        found = [step for step in self.shown if step[0] == side and step[1].startswith(begins)]
        assert found, (begins, self.shown)
        return found

    def passed(self, side: str, *begins: str) -> list[str]:
        return [step[2] for each in begins for step in self._of(side, each)]

    def advice(self, side: str, begins: str) -> str:
        return self._of(side, begins)[0][3]

    @property
    def closed(self) -> list[str]:
        return [step[1] for step in self.shown if step[2] == "false"]


async def opened(page, server) -> None:
    cookie = (await asyncio.to_thread(server.editor_cookie))["Cookie"].split("=")[1]
    await page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": server.url}])
    await page.goto(server.url + PAGE)


async def steps_on(page, server) -> Found:
    await opened(page, server)
    await page.click("#line-try")
    await page.wait_for_selector("#line[data-closed]")
    return Found(await page.evaluate(STEPS))


def told(port: int, secret: str = "north") -> dict[str, str]:
    """Settings of a server that knows the TURN server at this port."""
    urls = f"turn:127.0.0.1:{port}", f"turn:127.0.0.1:{port}?transport=tcp"
    return {"STUN_URLS": f"stun:127.0.0.1:{port}", "TURN_URLS": ",".join(urls), "TURN_SECRET": secret}


async def test_where_all_is_open_every_step_says_so(own_server, browser_with_microphone, tmp_path):
    with turn_server(tmp_path) as port:
        server = await asyncio.to_thread(own_server, **told(port))
        async with browser_with_microphone(calls=True) as page:
            found = await steps_on(page, server)
            assert not found.closed, (tmp_path / "coturn.log").read_text()[-3000:]
            servers = [f"{kind}:127.0.0.1:{port}" for kind in ("stun", "turn")]
            call = [
                "offer and answer",
                "packets, straight: pass by UDP",
                "encryption",
                "sound to the server",
                "sound from the server",
                "a call through",
            ]
            assert set(found.passed("browser", *servers, *call)) == {"true"}
            assert len(found.passed("browser", "a call through")) == 2, "by UDP, and by TCP"
            assert set(found.passed("server", *servers, "from outside")) == {"true"}
            assert "Everything that was tried is open" in await page.inner_text("#line-verdict")
            await page.click("#line-try")  # it may be tried again
            await page.wait_for_selector("#line:not([data-closed])")
            await page.wait_for_selector("#line[data-closed='0']")


async def test_a_turn_server_with_another_secret_is_told_from_one_that_is_away(
    own_server, browser_with_microphone, tmp_path
):
    with turn_server(tmp_path) as port:
        settings = told(port, secret="south")
        settings["TURN_URLS"] += f",turn:127.0.0.1:{free_port()}?transport=tcp"
        server = await asyncio.to_thread(own_server, **settings)
        async with browser_with_microphone(calls=True) as page:
            found = await steps_on(page, server)
            for side in ("server", "browser"):
                assert found.passed(side, f"turn:127.0.0.1:{port}") == ["false", "false"]
                assert "static-auth-secret" in found.advice(side, f"turn:127.0.0.1:{port}")
            assert len(found.closed) == 6, "two with the wrong secret and one that is away, from both sides"
            away = [step for step in found.shown if step[2] == "false" and "static-auth" not in step[3]]
            assert [bool(step[3]) for step in away] == [True, True]
            assert found.passed("browser", "sound to", "sound from") == ["true", "true"]
            assert not [step for step in found.shown if step[1].startswith("a call through")]


async def test_where_udp_is_closed_it_says_so_and_what_passes_instead(
    own_server, browser_with_microphone, tmp_path
):
    with turn_server(tmp_path, "--no-tls", "--no-udp") as port:
        server = await asyncio.to_thread(own_server, **told(port))
        async with browser_with_microphone(calls=True) as page:
            await page.add_init_script(NO_UDP)
            found = await steps_on(page, server)
            udp, tcp = f"turn:127.0.0.1:{port}: ", f"turn:127.0.0.1:{port}?transport=tcp: "
            straight = "packets, straight"
            assert found.passed("browser", f"stun:127.0.0.1:{port}", udp, straight) == ["false"] * 3
            assert found.passed("browser", "offer and answer", tcp) == ["true", "true"]
            assert found.passed("browser", "a call through") == ["true"], "by TCP"
            assert "WEBRTC_PORTS" in found.advice("browser", straight)
            assert not [step for step in found.shown if step[1].startswith("encryption")]
            assert f"Closed: {len(found.closed)}." in await page.inner_text("#line-verdict")


@pytest.mark.parametrize(
    ("width", "scheme", "locale"), [(390, "dark", "zh-CN"), (1280, "light", "en-US"), (390, "light", "en-US")]
)
async def test_everyone_can_read_it_on_any_screen(own_server, browser_with_microphone, width, scheme, locale):
    port = free_port()
    server = await asyncio.to_thread(
        own_server,
        TURN_URLS=f"turn:127.0.0.1:{port}?transport=tcp",
        TURN_SECRET="x",
        WEBRTC_ADDRESSES="203.0.113.5",
    )
    look = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme, "locale": locale}
    async with browser_with_microphone(calls=True, reduced_motion="reduce", **look) as page:
        found = await steps_on(page, server)
        assert found.closed
        if PICTURES:
            name = f"line-{width}-{scheme}-{locale}.png"
            await page.screenshot(path=Path(PICTURES) / name, full_page=True)
        assert await page.evaluate(BEYOND) == []
        assert await violations(page) == []
        if locale == "zh-CN":
            ours = [words for step in found.shown for words in step[1:4:2] if words]
            assert all(any("一" <= letter <= "鿿" for letter in words) for words in ours), ours


async def test_without_calls_on_the_server_nothing_is_tried_from_here(own_server, browser_with_microphone):
    server = await asyncio.to_thread(own_server, TRANSPORTS="websocket")
    async with browser_with_microphone(calls=True) as page:
        found = await steps_on(page, server)
        assert found.passed("server", "calls") == ["false"]
        assert not [step for step in found.shown if step[0] == "browser"]
