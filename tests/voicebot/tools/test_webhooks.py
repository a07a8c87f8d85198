"""Webhooks: asked over HTTPS, signed, tried again; a hostile one reaches nothing and holds up nobody."""

import asyncio
import gzip
import hashlib
import hmac
import ipaddress
import json
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from characters.tools import ToolRefused, ToolSpec
from sessions_app.database import in_database
from tests.voicebot.http_server import answering
from tests.voicebot.tools.acting import acting, said_at_last, tool
from voicebot.models import SealedHeader
from voicebot.outbound import MOST_BYTES, OutOfBounds, check_address
from voicebot.tools.webhooks import Asking, HookFailed, kind
from voicebot.tools.webhooks.asking import TRIES

pytestmark = pytest.mark.asyncio
HERE = ipaddress.ip_network("127.0.0.1/32")
BODY = {"tool": "weather", "arguments": {"place": "Oslo"}}


class Hook:
    """A server that answers as it is told to, and notes what it was asked."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[web.StreamResponse | str] = []
        self.gone = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://hook.example:{self.port}/weather"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((dict(request.headers), await request.read()))
        answer = self.answers.pop(0) if self.answers else web.json_response({"sky": "blue"})
        if answer == "drip":
            response = web.StreamResponse()
            await response.prepare(request)
            try:
                while True:
                    await response.write(b".")
                    await asyncio.sleep(0.05)
            except (ConnectionError, asyncio.CancelledError):
                self.gone.set()
                raise
        if answer == "flood":
            response = web.StreamResponse()
            await response.prepare(request)
            for _piece in range(100_000):
                await response.write(b"sea " * 1024)
            return response
        assert isinstance(answer, web.StreamResponse)
        return answer


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    made = Hook()
    async with answering(made.handle) as made.port:
        yield made


def addresses(*found: str):
    """A lookup of names that answers these, one after the other; the last one again and again."""
    left = list(found)

    async def lookup(host: str, port: int):
        address = left.pop(0) if len(left) > 1 else left[0]
        return [{"hostname": host, "host": address, "port": port, "family": 2, "proto": 6, "flags": 0}]

    return lookup


async def no_pause(_secs: float) -> None:
    pass


def asking(*found: str, networks=(HERE,), **more) -> Asking:
    names = addresses(*(found or ("127.0.0.1",)))
    return Asking(networks=networks, schemes=("http",), lookup=names, sleep=no_pause, **more)


async def test_it_is_asked_with_a_signature_that_its_server_can_check(hook):
    answer = await asking(clock=lambda: 1234.5).ask(hook.url, BODY, key="swordfish", call_id="c1")
    assert answer == {"sky": "blue"}
    headers, body = hook.asked[0]
    assert json.loads(body) == BODY
    signed = hmac.new(b"swordfish", b"1234." + body, hashlib.sha256).hexdigest()
    assert headers["Greenroom-Signature"] == f"t=1234,v1={signed}"


async def test_it_is_tried_again_as_the_same_call(hook):
    hook.answers = [web.Response(status=503), web.Response(status=502)]
    assert await asking().ask(hook.url, BODY, call_id="c1") == {"sky": "blue"}
    assert [headers["Idempotency-Key"] for headers, _body in hook.asked] == ["c1"] * 3
    hook.answers = [web.Response(status=503)] * 9
    with pytest.raises(HookFailed):
        await asking().ask(hook.url, BODY)
    assert len(hook.asked) == 3 + TRIES


async def test_a_refusal_is_not_tried_again(hook):
    hook.answers = [web.Response(status=403, text="password=swordfish")]
    with pytest.raises(HookFailed, match="403") as failed:
        await asking().ask(hook.url, BODY)
    assert "swordfish" not in str(failed.value)
    assert len(hook.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_leads_nowhere(hook, status):
    target = f"http://127.0.0.1:{hook.port}/inside"
    hook.answers = [web.Response(status=status, headers={"Location": target})]
    with pytest.raises(HookFailed, match=str(status)):
        await asking().ask(hook.url, BODY)
    assert len(hook.asked) == 1


async def test_a_name_that_leads_inside_is_not_followed(hook):
    with pytest.raises(HookFailed, match="nowhere"):
        await asking("127.0.0.1", networks=()).ask(hook.url, BODY)
    assert not hook.asked


async def test_a_name_that_changes_reaches_nothing_at_its_new_place(hook):
    """The first answer is fine; when it is tried again, the name leads to another machine of the house."""
    hook.answers = [web.Response(status=503)]
    with pytest.raises(HookFailed, match="nowhere"):
        await asking("127.0.0.1", "127.0.0.2").ask(hook.url, BODY)
    assert len(hook.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.7/",
        "http://[::ffff:10.0.0.7]/",
        "ftp://hook.example/",
        "file:///etc/passwd",
        "http://user:word@hook.example/",
        "http://[/",
        "",
    ],
)
async def test_no_address_of_the_house_is_asked(url):
    with pytest.raises(HookFailed, match=r"public|no https|is none"):
        await asking("10.0.0.7", networks=()).ask(url, BODY)


async def test_only_https_outside_of_tests():
    with pytest.raises(HookFailed, match="https"):
        await Asking().ask("http://hook.example/", BODY)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "0.0.0.0", "::1", "::ffff:127.0.0.1", "fe80::1%eth0", "192.168.1.1", "100.64.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b:1::a00:1", "::127.0.0.1", "fec0::1", "2002:7f00:1::", "ff02::1"),
        "224.0.0.1",
    ],
)
async def test_addresses_that_are_not_public_are_out_of_bounds(address):
    with pytest.raises(OutOfBounds):
        check_address(address, ())


async def test_a_public_address_is_not():
    check_address("93.184.216.34", ())
    check_address("2606:2800:220:1:248:1893:25c8:1946", ())


@pytest.mark.parametrize(
    "host", ["１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1", "0177.0.0.1", "127.1", "2130706433"]
)
async def test_an_address_in_other_digits_is_one_all_the_same(hook, host):
    """An HTTP client folds them to an address, for which it asks no resolver."""
    with pytest.raises(HookFailed):
        await asking("93.184.216.34", networks=()).ask(f"http://{host}:{hook.port}/weather", BODY)
    assert not hook.asked


class Narrowed(list):
    """Networks of which fewer are allowed after so many looks."""

    def __init__(self, wide: str, looks: int) -> None:
        super().__init__([HERE])
        self._wide, self._looks = ipaddress.ip_network(wide), looks

    def __iter__(self):
        self._looks -= 1
        return iter([self._wide] if self._looks >= 0 else [HERE])


async def test_an_address_that_is_out_of_bounds_is_told_from_a_server_that_is_away(unused_tcp_port):
    """One of two addresses is kept from at the last look, and nobody answers at the other: no second try."""
    pauses: list[float] = []

    async def noted(secs: float) -> None:
        pauses.append(secs)

    async def both(host: str, port: int):
        plain = {"hostname": host, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
        return [{**plain, "host": address} for address in ("127.0.0.2", "127.0.0.1")]

    networks = Narrowed("127.0.0.0/8", 2)
    ask = Asking(networks=networks, schemes=("http",), lookup=both, sleep=noted)
    with pytest.raises(HookFailed, match="nowhere"):
        await ask.ask(f"http://hook.example:{unused_tcp_port}/", BODY)
    assert pauses == []


async def test_a_slow_drip_is_left_when_the_time_is_over(hook):
    hook.answers = ["drip"]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await asking().ask(hook.url, BODY)
    async with asyncio.timeout(30):
        await hook.gone.wait()


async def test_a_flood_is_cut_off(hook):
    hook.answers = ["flood"]
    with pytest.raises(HookFailed, match="too long"):
        await asking().ask(hook.url, BODY)


async def test_a_packed_bomb_is_not_unpacked(hook):
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < MOST_BYTES
    hook.answers = [web.Response(body=bomb, headers={"Content-Encoding": "gzip"})]
    with pytest.raises(HookFailed, match="packed"):
        await asking().ask(hook.url, BODY)


async def test_what_is_no_json_is_said_to_be_none(hook):
    hook.answers = [web.Response(text="<html>", content_type="application/json")]
    with pytest.raises(HookFailed, match="JSON"):
        await asking().ask(hook.url, BODY)
    hook.answers = [web.Response(text="Rain.")]
    assert await asking().ask(hook.url, BODY) == "Rain."


@pytest.mark.django_db(transaction=True)
async def test_a_character_asks_a_server_and_sends_what_its_writer_chose(hook, model, monkeypatch, settings):
    settings.WEBHOOK_SIGNING_KEY = "swordfish"
    monkeypatch.setattr(kind, "asking", asking())
    place = {"name": "place", "type": "string"}
    options = {"url": hook.url, "metadata": "booking"}
    model.call(("weather", {"place": "Oslo"}), then="Blue sky.")
    weather = tool("weather", "webhook", arguments=[place], options=options)
    async with acting(model, weather, metadata={"booking": "A7", "name": "Robin"}) as one:
        await one.type("How is the weather in Oslo?")
        await said_at_last(one, "Blue sky.")
        headers, body = hook.asked[0]
        sent = json.loads(body)
        assert (sent["arguments"], sent["metadata"]) == ({"place": "Oslo"}, {"booking": "A7"})
        assert (sent["character"], sent["session"]) == ("marlow", str(one.session_id))
        assert "Greenroom-Signature" in headers
        assert "X-Gate" not in headers
        assert json.loads(model.asked[-1]["messages"][-1]["content"])["data"] == {"sky": "blue"}


def sealed(name: str, address: str, header: str, value: str) -> SealedHeader:
    made = SealedHeader(name=name, address=address, header=header)
    made.seal(value)
    made.save()
    return made


@pytest.mark.django_db(transaction=True)
async def test_sealed_headers_go_to_their_server_and_to_no_other(hook, model, monkeypatch):
    monkeypatch.setattr(kind, "asking", asking())
    await in_database(sealed, "gate", hook.url, "X-Gate", "swordfish")
    await in_database(sealed, "posing", hook.url, "Idempotency-Key", "always the same")
    await in_database(sealed, "elsewhere", "https://elsewhere.example", "X-Other", "swordfish")
    options = {"url": hook.url, "headers": "gate posing"}
    model.call(("weather", {}), then="Blue sky.")
    async with acting(model, tool("weather", "webhook", options=options)) as one:
        await one.type("How is the weather?")
        await said_at_last(one, "Blue sky.")
        headers, _body = hook.asked[0]
        assert headers["X-Gate"] == "swordfish"
        assert headers["Idempotency-Key"] != "always the same"
        assert "swordfish" not in json.dumps(model.asked)
        assert "swordfish" not in json.dumps([turn.as_json() for turn in await one.turns()], default=str)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["elsewhere", "nobody"])
async def test_a_webhook_that_was_pointed_elsewhere_takes_no_header_along(hook, model, monkeypatch, name):
    monkeypatch.setattr(kind, "asking", asking())
    await in_database(sealed, "elsewhere", "https://elsewhere.example", "X-Other", "swordfish")
    model.call(("weather", {}), then="No answer.")
    weather = tool("weather", "webhook", options={"url": hook.url, "headers": name})
    async with acting(model, weather) as one:
        await one.type("How is the weather?")
        await said_at_last(one, "No answer.")
    assert not hook.asked
    with pytest.raises(ToolRefused, match=name):
        await in_database(kind.completed, ToolSpec.of(weather))
