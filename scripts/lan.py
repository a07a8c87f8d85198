"""A phone on the same network: `make lan` serves over HTTPS with a certificate that is made on this machine.

Browsers give a page the microphone over HTTPS only (or on the machine itself). A certificate authority of
this machine's own and a certificate for its names and addresses are made under DATA_DIR/lan; a phone that
has the authority installed asks nothing, and one that has not asks once. On the next port, plain HTTP:
whoever goes there is sent on to the page, and /ca.crt is the authority.

.venv/bin/python scripts/lan.py [--port 8443] [--plain-port 8444]
"""

import argparse
import http.server
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ifaddr
import segno
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT = Path(__file__).parent.parent
PLACE = Path(os.environ.get("DATA_DIR") or ROOT / ".data") / "lan"
AUTHORITY_DAYS = 3650
DAYS = 397  # browsers refuse what is good for longer (CA/Browser Forum, Baseline Requirements 6.3.2)
RENEW_DAYS = 30
EVERYWHERE = "0.0.0.0"  # noqa: S104  (to be reached from the network is what this is for)
# Private networks (RFC 1918), those of carriers and overlays (RFC 6598), and that of examples (RFC 5737).
NETWORKS = [
    ipaddress.IPv4Network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "192.0.2.0/24")
]
LOOPBACK = ipaddress.IPv4Network("127.0.0.0/8")


def addresses() -> list[ipaddress.IPv4Address]:
    """The addresses of this machine on private networks."""
    texts = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)]
    found = {ipaddress.IPv4Address(text) for text in texts}
    return sorted(one for one in found if any(one in network for network in NETWORKS))


def names() -> list[str]:
    """What this machine is called: by itself, and to its neighbours by multicast DNS."""
    short = socket.gethostname().split(".")[0].lower()
    return list(dict.fromkeys([f"{short}.local", socket.gethostname().lower(), "localhost"]))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _write(path: Path, data: bytes, mode: int) -> None:
    """Whole or not at all, and never readable by others meanwhile."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
    new.replace(path)


def _save(name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(PLACE / f"{name}.key", secret, 0o600)
    _write(PLACE / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _load(name: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None:
    """A key with its certificate, or None: missing, damaged, or good for a month only."""
    try:
        key = serialization.load_pem_private_key((PLACE / f"{name}.key").read_bytes(), None)
        certificate = x509.load_pem_x509_certificate((PLACE / f"{name}.crt").read_bytes())
    except (OSError, ValueError):
        return None
    soon = datetime.now(UTC) + timedelta(days=RENEW_DAYS)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.not_valid_after_utc < soon:
        return None
    if key.public_key() != certificate.public_key():  # one of the two was written, the other not any more
        return None
    return key, certificate


def authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """This machine's own certificate authority, made once."""
    if known := _load("ca"):
        return known
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Greenroom on {socket.gethostname()}")
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        # Whoever steals its key signs for nothing but private networks.
        .add_extension(
            x509.NameConstraints(
                [
                    *map(x509.DNSName, ("local", "localhost", socket.gethostname().lower())),
                    *map(x509.IPAddress, (*NETWORKS, LOOPBACK)),
                ],
                None,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _save("ca", key, certificate)
    return key, certificate


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def certificate_for(hosts: list[str], ips: list[ipaddress.IPv4Address]) -> tuple[Path, Path]:
    """The files of a certificate for these names and addresses, and of its key: made where none fits."""
    ca_key, ca = authority()
    wanted = x509.SubjectAlternativeName([*map(x509.DNSName, hosts), *map(x509.IPAddress, ips)])
    known = _load("server")
    if not known or not _fits(known[1], wanted, ca):
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(
                ca.subject, _name(hosts[0]), key.public_key(), x509.random_serial_number()
            )
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=DAYS - 1))
            .add_extension(wanted, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
            )
            .sign(ca_key, hashes.SHA256())
        )
        _save("server", key, certificate)
    return PLACE / "server.crt", PLACE / "server.key"


def _fits(certificate: x509.Certificate, wanted: x509.SubjectAlternativeName, ca: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(ca)
        there = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # of another authority, or no certificate of ours
        return False
    return set(there) == set(wanted)


class Redirect(http.server.BaseHTTPRequestHandler):
    """Plain HTTP: the way to the page, and the authority for a phone that shall trust it."""

    to_port = 8443
    ca = b""

    def do_GET(self) -> None:
        if self.path == "/ca.crt":
            self._answer(200, {"Content-Type": "application/x-x509-ca-cert"}, self.ca)
            return
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "localhost")
        safe = host if all(c.isalnum() or c in ".-:[]" for c in host) else "localhost"
        self._answer(302, {"Location": f"https://{safe}:{self.to_port}/"}, b"")

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody needs a line for each."""


def redirecting(host: str, port: int, to_port: int) -> http.server.ThreadingHTTPServer:
    """Serves plain HTTP in a thread."""
    ca = x509.load_pem_x509_certificate((PLACE / "ca.crt").read_bytes())
    handler = type(
        "Here", (Redirect,), {"to_port": to_port, "ca": ca.public_bytes(serialization.Encoding.DER)}
    )
    server = http.server.ThreadingHTTPServer((host, port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8443))
    parser.add_argument("--plain-port", type=int, help="for plain HTTP (default: the next one)")
    options = parser.parse_args()
    port, plain = options.port, options.plain_port or options.port + 1
    PLACE.mkdir(parents=True, exist_ok=True)
    PLACE.chmod(0o700)
    ips, hosts = addresses(), names()
    certificate, key = certificate_for(hosts, [*ips, ipaddress.ip_address("127.0.0.1")])
    if not ips:
        sys.exit("This machine is on no network: connect it to the one that the phone is on.")
    redirect = redirecting(EVERYWHERE, plain, port)
    given = [one for one in os.environ.get("ALLOWED_HOSTS", "").split(",") if one]
    allowed = dict.fromkeys([*given, *hosts, *map(str, ips), "127.0.0.1", "[::1]"])
    serve = [sys.executable, str(ROOT / "manage.py"), "serve", "--host", EVERYWHERE, "--port", str(port)]
    child = subprocess.Popen(
        [*serve, "--certificate", str(certificate), "--key", str(key)],
        env={**os.environ, "ALLOWED_HOSTS": ",".join(allowed)},
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: child.send_signal(signal.SIGTERM))
    page = f"https://{ips[0]}:{port}/"
    print(f"\nOn a phone in this network: {page}\n", flush=True)
    segno.make(page, error="m").terminal(out=sys.stdout, compact=True)
    print(
        f"\nAlso: {', '.join(f'https://{host}:{port}/' for host in hosts if host != 'localhost')}\n"
        f"The phone asks once whether it may. To have it trust this machine, open "
        f"http://{ips[0]}:{plain}/ca.crt on it and install that (an iPhone wants it).\n",
        flush=True,
    )
    try:
        status = child.wait()
    finally:
        redirect.shutdown()
    sys.exit(status)


if __name__ == "__main__":
    main()
