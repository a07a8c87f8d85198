"""STUN and TURN servers as clients get them."""

import base64
import hashlib
import hmac

import pytest

from voicebot.transport.webrtc.ice_servers import IceServers
from voicebot.transport.webrtc.network import Network, server_of


def test_credentials_are_what_coturn_works_out_itself():
    servers = IceServers(
        turn=["turn:t.example"], secret="north", good_secs=600, clock=lambda: 1_700_000_000.9
    )
    (entry,) = servers.for_client("abc")
    assert entry["username"] == "1700000600:abc"
    expected = hmac.new(b"north", b"1700000600:abc", hashlib.sha1).digest()
    assert base64.b64decode(entry["credential"]) == expected


def test_who_has_no_servers_names_none():
    assert IceServers().for_client("abc") == []
    assert IceServers(stun=["stun:s.example"]).for_client("abc") == [{"urls": ["stun:s.example"]}]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("stun:s.example", ("s.example", 3478)),
        ("stun:s.example:19302", ("s.example", 19302)),
        ("turns:t.example:443?transport=tcp", ("t.example", 443)),
        ("turns:t.example", ("t.example", 5349)),
        ("stun:[2001:db8::5]:3478", ("2001:db8::5", 3478)),
        ("stun:[2001:db8::5]", ("2001:db8::5", 3478)),
    ],
)
def test_addresses_are_read_as_the_standards_write_them(url, place):
    assert server_of(url) == place


def test_who_announces_an_address_asks_nobody_for_it():
    assert Network(["203.0.113.5"], None, ["stun:s.example"]).stun_server is None
    assert Network([], None, ["stun:s.example"]).stun_server == ("s.example", 3478)


def test_loopback_is_for_who_comes_from_there():
    assert "127.0.0.1" in Network().addresses("127.0.0.1")
    assert "127.0.0.1" not in Network().addresses("203.0.113.5") or Network().addresses("203.0.113.5") == [
        "127.0.0.1"
    ]
