"""Offers of strangers: what is taken of them, which candidates are tried, and what is announced of ours."""

import pytest

from voicebot.transport.webrtc.descriptions import (
    MOST_CANDIDATES,
    OfferError,
    candidate_is_reachable,
    checked_offer,
    finished_answer,
    is_reachable,
)

OUTSIDE, INSIDE, HERE = "203.0.113.9", "192.168.1.20", "127.0.0.1"
PUBLIC = "8.8.4.4"
OFFER = (
    "v=0\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n{}"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n"
)


def line(address: str, port: int = 50_000) -> str:
    return f"a=candidate:1 1 udp 2122260223 {address} {port} typ host\r\n"


@pytest.mark.parametrize(
    ("address", "port", "visitor", "tried"),
    [
        (PUBLIC, 50_000, "1.1.1.1", True),
        ("2a00:1450::5", 50_000, "1.1.1.1", True),
        ("10.0.0.7", 50_000, "1.1.1.1", False),  # ours, not theirs
        ("169.254.169.254", 50_000, INSIDE, False),
        ("192.168.1.21", 50_000, INSIDE, True),
        ("127.0.0.1", 50_000, INSIDE, False),
        ("127.0.0.1", 50_000, HERE, True),
        ("::ffff:10.0.0.7", 50_000, "1.1.1.1", False),
        ("::1", 50_000, "1.1.1.1", False),
        (
            "64:ff9b::808:404",
            50_000,
            "1.1.1.1",
            True,
        ),  # NAT64 to 8.8.4.4: a client in a network of IPv6 alone
        ("64:ff9b::a00:7", 50_000, "1.1.1.1", False),  # to 10.0.0.7
        ("64:ff9b::7f00:1", 50_000, INSIDE, False),
        ("64:ff9b:1::a00:7", 50_000, "1.1.1.1", False),  # a network's own NAT64: nobody knows where to
        ("2002:808:404::1", 50_000, "1.1.1.1", True),  # 6to4 by 8.8.4.4
        ("2002:a00:7::1", 50_000, "1.1.1.1", False),
        ("2002:7f00:1::1", 50_000, INSIDE, False),
        ("2002:a9fe:a9fe::1", 50_000, INSIDE, False),  # 169.254.169.254
        ("2001:0:808:404:0:ffff:f5ff:fff8", 50_000, "1.1.1.1", False),  # Teredo to 10.0.0.7
        ("10.0.0.7", 50_000, "::ffff:1.1.1.1", False),
        ("10.0.0.8", 50_000, "::ffff:10.0.0.7", True),
        ("127.0.0.1", 50_000, "::ffff:127.0.0.1", True),
        ("10.0.0.7", 50_000, "2002:101:101::1", False),
        ("224.0.0.251", 50_000, INSIDE, False),
        ("0.0.0.0", 50_000, HERE, False),
        ("a1b2.local", 50_000, INSIDE, False),
        ("internal.example", 50_000, INSIDE, False),
        (PUBLIC, 53, "1.1.1.1", False),
        (PUBLIC, 70_000, "1.1.1.1", False),
    ],
)
def test_nothing_is_sent_where_a_visitor_could_not_send_it(address, port, visitor, tried):
    assert is_reachable(address, port, visitor) is tried


@pytest.mark.parametrize("text", ["", "1 1 udp", "x" * 500, "1 1 udp 5 8.8.4.4 port typ host"])
def test_what_is_no_candidate_is_an_error(text):
    with pytest.raises(OfferError):
        candidate_is_reachable(text, "1.1.1.1")


def test_candidates_over_tcp_are_not_tried():
    assert not candidate_is_reachable(f"1 1 tcp 5 {PUBLIC} 50000 typ host", "1.1.1.1")


def test_an_offer_keeps_as_many_candidates_as_a_client_has():
    many = "".join(line(f"8.8.{n // 200}.{n % 200 + 1}") for n in range(300))
    assert checked_offer(OFFER.format(many), "1.1.1.1").count("a=candidate") == MOST_CANDIDATES
    private = checked_offer(OFFER.format(line("10.0.0.7") + line(PUBLIC)), "1.1.1.1")
    assert PUBLIC in private
    assert "10.0.0.7" not in private


@pytest.mark.parametrize(
    "sdp",
    [
        "",
        "x",
        "v=0\r\nm=audio 9 X 0\r\n",
        OFFER.format("a=x\r\n" * 2000),
        OFFER.format("a=" + "x" * 60_000 + "\r\n"),
        OFFER.format("m=video 9 X 96\r\n" * 20),
        OFFER.format("").replace("BUNDLE", "LS"),
        OFFER.format("").replace("m=audio", "m=video"),
    ],
)
def test_what_no_browser_offers_is_refused(sdp):
    with pytest.raises(OfferError):
        checked_offer(sdp, "1.1.1.1")


ANSWER = (
    "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 theirs=1\r\n"
    "a=candidate:a 1 udp 2130706431 10.0.0.5 50010 typ host\r\n"
    "a=candidate:b 1 udp 2130706431 fd00::5 50011 typ host\r\n"
)


def test_opus_is_asked_for_with_correction_and_silence():
    answer = finished_answer(ANSWER, [], INSIDE)
    assert "a=fmtp:111 minptime=20;useinbandfec=1;usedtx=1" in answer
    assert "theirs" not in answer
    assert "10.0.0.5 50010" in answer


def test_what_is_announced_takes_the_place_of_what_only_this_machine_knows():
    outside = finished_answer(ANSWER, [PUBLIC], "1.1.1.1")
    assert f"{PUBLIC} 50010 typ host" in outside
    assert "10.0.0.5" not in outside
    assert "fd00::5" not in outside
    inside = finished_answer(ANSWER, [PUBLIC], INSIDE)
    assert f"{PUBLIC} 50010" in inside
    assert "10.0.0.5 50010" in inside
