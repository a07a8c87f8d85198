"""`manage.py check_line` against a STUN server of the test's own, and coturn where it is installed."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aioice import stun

from tests.workers import free_port
from voicebot.transport.webrtc import line_check
from voicebot.transport.webrtc.ice_servers import IceServers
from voicebot.transport.webrtc.line_check import check
from voicebot.transport.webrtc.network import Network, outgoing


async def steps(network: Network | None = None, servers: IceServers | None = None, offered: bool = True):
    found = [step async for step in check(network or Network(), servers or IceServers(), offered=offered)]
    return {step.name: step for step in found}


@pytest.fixture
def stun_server() -> Iterator[str]:
    """Answers every binding request with an address in a documentation network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    data, who = ear.recvfrom(2048)
                    asked = stun.parse_message(data)
                    told = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, asked.transaction_id)
                    told.attributes["XOR-MAPPED-ADDRESS"] = ("203.0.113.9", 40_000)
                    ear.sendto(bytes(told), who)

        threading.Thread(target=answer, daemon=True).start()
        yield f"stun:127.0.0.1:{ear.getsockname()[1]}"
        ear.close()


async def test_what_is_not_set_is_said_and_is_no_fault():
    found = await steps()
    assert found["calls"].passed is True
    assert [found[name].passed for name in ("UDP ports", "STUN", "TURN")] == [None] * 3


async def test_calls_that_are_switched_off_are_closed():
    assert (await steps(offered=False))["calls"].passed is False


async def test_a_stun_server_tells_the_address_outside(stun_server):
    found = await steps(servers=IceServers(stun=[stun_server]))
    assert found[stun_server].passed is True
    assert "203.0.113.9" in found[stun_server].words
    other = await steps(Network(["198.51.100.1"], None, [stun_server]), IceServers(stun=[stun_server]))
    assert other[stun_server].passed is None
    assert "WEBRTC_ADDRESSES" in other[stun_server].words


async def test_servers_that_do_not_answer_are_closed():
    port = free_port()
    urls = f"turn:127.0.0.1:{port}?transport=tcp", f"turns:127.0.0.1:{port}"
    found = await steps(servers=IceServers(stun=[f"stun:127.0.0.1:{port}"], turn=urls, secret="x"))
    assert [found[name].passed for name in (f"stun:127.0.0.1:{port}", *urls)] == [False] * 3


async def test_ports_that_others_have_are_not_free():
    port, address = free_port(), (outgoing() or ["127.0.0.1"])[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((address, port))
        taken = (await steps(Network(ports=(port, port))))["UDP ports"]
    assert (taken.passed, taken.words[:6]) == (False, "0 of 1")
    assert (await steps(Network(ports=(port, port))))["UDP ports"].passed is True


async def test_coturn_takes_our_credentials_and_reaches_our_ports(coturn):
    urls = f"turn:127.0.0.1:{coturn}", f"turn:127.0.0.1:{coturn}?transport=tcp"
    ports = free_port()
    network = Network(ports=(ports, ports + 5))
    found = await steps(network, IceServers(turn=urls, secret="north"))
    assert [found[url].passed for url in urls] == [True, True], found
    assert found["from outside"].passed is True, found["from outside"]
    wrong = await steps(network, IceServers(turn=urls[:1], secret="south"))
    assert wrong[urls[0]].passed is False
    old = IceServers(turn=urls[:1], secret="north", clock=lambda: 1_000_000.0)
    assert (await steps(network, old))[urls[0]].passed is False


async def test_a_turn_server_without_a_secret_is_told_to_nobody():
    servers = IceServers(turn=["turn:127.0.0.1:9"])
    assert (await steps(servers=servers))["turn:127.0.0.1:9"].passed is False
    assert servers.for_client("abc") == []


def open_sockets() -> int:
    """Of this process."""
    found = (str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.is_symlink())
    return sum(each.startswith("socket:") for each in found)


@pytest.fixture
def answering() -> Iterator[Callable[[Callable[[bytes], bytes]], int]]:
    """Starts servers that answer a request with what a function makes of it; gives their UDP ports."""
    with contextlib.ExitStack() as ears:

        def start(answer: Callable[[bytes], bytes]) -> int:
            ear = ears.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            ear.bind(("127.0.0.1", 0))
            ear.settimeout(10)

            def serve() -> None:
                with contextlib.suppress(OSError):
                    data, who = ear.recvfrom(2048)
                    ear.sendto(answer(data), who)

            threading.Thread(target=serve, daemon=True).start()
            return int(ear.getsockname()[1])

        yield start


def told_badly(request: bytes) -> bytes:
    """An answer with a PRIORITY that is too short to be one."""
    attribute = struct.pack("!HH", 0x0024, 2) + b"\x00\x00\x00\x00"
    return struct.pack("!HH", 0x0101, len(attribute)) + request[4:20] + attribute


def of_another_request(request: bytes) -> bytes:
    told = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, b"another's one"[:12])
    told.attributes["XOR-MAPPED-ADDRESS"] = ("203.0.113.66", 40_000)
    return bytes(told)


async def test_what_a_stun_server_answers_wrongly_is_said_and_nothing_else_is_lost(answering, monkeypatch):
    monkeypatch.setattr(line_check, "ANSWER_SECS", 0.5)
    bad, other = (f"stun:127.0.0.1:{answering(each)}" for each in (told_badly, of_another_request))
    found = await steps(servers=IceServers(stun=[bad, other]))
    assert [found[bad].passed, found[other].passed] == [False, False]
    assert "203.0.113.66" not in found[other].words, "nobody asked that"


async def test_a_port_that_is_taken_meanwhile_is_said_and_keeps_no_socket(coturn, monkeypatch):
    port, address = free_port(), (outgoing() or ["127.0.0.1"])[0]
    monkeypatch.setattr(line_check, "_is_free", lambda _address, _port: True)
    servers = IceServers(turn=[f"turn:127.0.0.1:{coturn}"], secret="north")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((address, port))
        before = open_sockets()
        found = await steps(Network(ports=(port, port)), servers)
        await asyncio.sleep(0.1)
        assert open_sockets() <= before
    assert found[servers.turn[0]].passed is True, "the relay is there"
    assert found["from outside"].passed is None


async def test_turn_servers_that_refuse_or_say_nothing_keep_no_socket(coturn, monkeypatch):
    monkeypatch.setattr(line_check, "ANSWER_SECS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections, and says nothing
        wrong = IceServers(turn=[f"turn:127.0.0.1:{coturn}?transport=tcp"], secret="south")
        silent = IceServers(turn=[f"turn:127.0.0.1:{mute.getsockname()[1]}?transport=tcp"], secret="north")
        before = open_sockets()
        for servers in (wrong, silent):
            assert (await steps(servers=servers))[servers.turn[0]].passed is False
        await asyncio.sleep(0.1)
        assert open_sockets() <= before
