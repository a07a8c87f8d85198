"""`make lan`: HTTPS for phones in the same network, by a certificate that this machine makes."""

import asyncio
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from scripts import lan
from tests.databases import stage_database
from tests.servers import ROOT, START_SECS
from tests.visitors import Visitor
from tests.workers import free_port

ADDRESS = lan.ipaddress.ip_address("192.168.7.7")


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(lan, "PLACE", tmp_path)
    return tmp_path


def alternatives(certificate: Path) -> set:
    read = x509.load_pem_x509_certificate(certificate.read_bytes())
    return set(read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)


def test_a_certificate_is_for_every_name_and_address(place):
    certificate, key = lan.certificate_for(["stage.local"], [ADDRESS])
    assert alternatives(certificate) == {x509.DNSName("stage.local"), x509.IPAddress(ADDRESS)}
    assert {path.stat().st_mode & 0o777 for path in place.glob("*.key")} == {0o600}
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)


def test_it_is_made_anew_only_when_it_does_not_fit_any_more(place):
    certificate, _ = lan.certificate_for(["stage.local"], [ADDRESS])
    authority, first = (place / "ca.crt").read_bytes(), certificate.read_bytes()
    assert lan.certificate_for(["stage.local"], [ADDRESS])[0].read_bytes() == first
    moved = lan.ipaddress.ip_address("192.168.7.8")
    assert alternatives(lan.certificate_for(["stage.local"], [moved])[0]) == {
        x509.DNSName("stage.local"),
        x509.IPAddress(moved),
    }
    assert (place / "ca.crt").read_bytes() == authority, "phones that trust it need not be asked again"


@pytest.mark.parametrize("name", ["ca.crt", "ca.key", "server.crt", "server.key"])
def test_a_damaged_file_is_made_anew(place, name):
    lan.certificate_for(["stage.local"], [ADDRESS])
    (place / name).write_bytes(b"torn")
    certificate, key = lan.certificate_for(["stage.local"], [ADDRESS])
    ca, ours = (
        x509.load_pem_x509_certificate((place / f"{one}.crt").read_bytes()) for one in ("ca", "server")
    )
    ours.verify_directly_issued_by(ca)
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)


def test_keys_of_other_certificates_are_not_used(place):
    lan.certificate_for(["stage.local"], [ADDRESS])
    ca, server = ((place / f"{name}.key").read_bytes() for name in ("ca", "server"))
    (place / "ca.key").write_bytes(server)
    (place / "server.key").write_bytes(ca)
    certificate, key = lan.certificate_for(["stage.local"], [ADDRESS])
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)


def test_the_authority_signs_for_nothing_but_private_networks(place):
    lan.certificate_for(["stage.local"], [ADDRESS])
    ca = x509.load_pem_x509_certificate((place / "ca.crt").read_bytes())
    allowed = ca.extensions.get_extension_for_class(x509.NameConstraints)
    assert allowed.critical
    names = {one.value for one in allowed.value.permitted_subtrees or () if isinstance(one, x509.DNSName)}
    assert "local" in names
    assert not any("." in name for name in names if name != lan.socket.gethostname().lower())


@pytest.fixture
def served(tmp_path) -> Iterator[tuple[int, int, Path]]:
    """The ports of a running `make lan`, HTTPS and plain, and its folder."""
    if not lan.addresses():
        pytest.skip("this machine is on no private network")
    port, plain = free_port(), free_port()
    with stage_database(f"greenroom_lan_{os.getpid()}", tmp_path) as database:
        environment = {"DATABASE_URL": database, "DATA_DIR": str(tmp_path), "DEFAULT_PROVIDER": "scripted"}
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "scripts/lan.py", "--port", str(port), "--plain-port", str(plain)],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            deadline = time.monotonic() + START_SECS
            while b"Uvicorn running on" not in (tmp_path / "log").read_bytes():
                assert process.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(0.1)
            yield port, plain, tmp_path
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    with pytest.raises(OSError, match="refused"):
        http.client.HTTPConnection("127.0.0.1", port, timeout=2).connect()


async def test_a_phone_that_trusts_the_machine_talks_by_its_address(served):
    port, _, place = served
    address = str(lan.addresses()[0])
    trusting = ssl.create_default_context(cafile=str(place / "lan" / "ca.crt"))

    def start() -> dict:
        page = http.client.HTTPSConnection(address, port, context=trusting, timeout=20)
        body = json.dumps({"transport": "websocket", "body": {"character": "captain-marlow"}})
        page.request("POST", "/api/start", body, {"Content-Type": "application/json"})
        answer = page.getresponse()
        assert answer.status == 200
        return json.load(answer)

    given = await asyncio.to_thread(start)
    assert given["wsUrl"].startswith(f"wss://{address}:{port}/")
    async with Visitor(f"{given['wsUrl']}?token={given['token']}", ssl=trusting) as visitor:
        assert not (await visitor.get_ready())["resumed"]


def test_plain_http_leads_to_the_page_and_to_the_authority(served):
    port, plain_port, place = served
    plain = http.client.HTTPConnection("127.0.0.1", plain_port, timeout=20)
    plain.request("GET", "/", headers={"Host": f"stage.local:{plain_port}"})
    answer = plain.getresponse()
    answer.read()
    assert (answer.status, answer.headers["Location"]) == (302, f"https://stage.local:{port}/")
    plain.request("GET", "/ca.crt")
    authority = x509.load_der_x509_certificate(plain.getresponse().read())
    assert authority == x509.load_pem_x509_certificate((place / "lan" / "ca.crt").read_bytes())
    assert f"https://{lan.addresses()[0]!s}:{port}/" in (place / "log").read_text()
