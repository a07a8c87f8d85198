"""Redis in the shapes that operators have: Sentinel, Cluster, TLS."""

import asyncio
import contextlib
import datetime
import ipaddress
import json
import signal
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scripts.cluster import pass_on
from tests.servers import valkey
from tests.visitors import Visitor
from tests.voicebot.connection.test_resume import asked
from tests.workers import free_port

SERVICE = "house"
SENTINEL = """
port {sentinel}
bind 127.0.0.1
dir {place}
sentinel monitor {service} 127.0.0.1 {primary} 1
sentinel down-after-milliseconds {service} 1000
sentinel failover-timeout {service} 5000
"""


@pytest.fixture
def connection_registry(tmp_path) -> Iterator[tuple[int, subprocess.Popen]]:
    """A primary, its replica, and a Sentinel that watches both: the Sentinel's port, and the primary."""
    primary, replica, sentinel = free_port(), free_port(), free_port()
    plain = ["--bind", "127.0.0.1", "--save", "", "--repl-diskless-sync-delay", "0"]
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(
        SENTINEL.format(sentinel=sentinel, place=tmp_path, primary=primary, service=SERVICE)
    )
    following = ["--port", str(replica), "--replicaof", "127.0.0.1", str(primary), *plain]
    with (
        valkey(tmp_path / "primary", primary, "--port", str(primary), *plain) as process,
        valkey(tmp_path / "replica", replica, *following),
        redis.Redis(port=primary) as client,
    ):
        # A Sentinel looks round when it starts, and then every ten seconds only.
        wait_for(lambda: any(r.get("state") == "online" for r in replicas_of(client)), "a replica")
        with valkey(tmp_path / "sentinel", sentinel, str(configuration), "--sentinel"):
            yield sentinel, process


def replicas_of(client: redis.Redis) -> list[dict]:
    found = client.info("replication")
    return [value for name, value in found.items() if name.startswith("slave") and isinstance(value, dict)]


def wait_for(true: Callable[[], object], what: str, secs: float = 20) -> None:
    until = time.monotonic() + secs
    while not true():
        assert time.monotonic() < until, f"no {what}"
        time.sleep(0.1)


def master(sentinel: int) -> tuple[str, int]:
    with redis.Redis(port=sentinel) as client:
        return client.sentinel_get_master_addr_by_name(SERVICE)


async def knows_replica(sentinel: int) -> None:
    def replicas() -> list:
        with redis.Redis(port=sentinel) as client:
            return [r for r in client.sentinel_slaves(SERVICE) if r["master-link-status"] == "ok"]

    async with asyncio.timeout(30):
        while not await asyncio.to_thread(replicas):
            await asyncio.sleep(0.2)


async def test_a_sentinel_promotes_another_and_conversations_go_on(connection_registry, own_server):
    sentinel, primary = connection_registry
    await knows_replica(sentinel)
    server = await asyncio.to_thread(
        own_server, REDIS_URL=f"redis://{SERVICE}/0", REDIS_SENTINELS=f"127.0.0.1:{sentinel}"
    )
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await visitor.ask()
        before = await asyncio.to_thread(master, sentinel)
        primary.send_signal(signal.SIGKILL)
        async with asyncio.timeout(30):
            while await asyncio.to_thread(master, sentinel) == before:
                await asyncio.sleep(0.2)
        await visitor.ask()
        assert visitor.closed is None

    # Sessions are taken over through the channel layer and cache of the one that was promoted.
    async with asyncio.timeout(30):
        while (await asyncio.to_thread(server.request, "/readyz")).status != 200:
            await asyncio.sleep(0.2)
    async with Visitor(url) as back:
        assert (await back.get_ready())["resumed"]
        async with Visitor(url) as newer:
            await newer.get_ready()
            assert (await back.until_closed())[0] == 4409
            await newer.ask()


@pytest.fixture
def cluster(tmp_path) -> Iterator[list[int]]:
    """Three nodes with a third of the keys each: their ports."""
    ports = [free_port() for _ in range(3)]
    bus = {port: free_port() for port in ports}  # on which the nodes talk among themselves
    with contextlib.ExitStack() as nodes:
        for port in ports:
            options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--cluster-enabled", "yes"]
            nodes.enter_context(
                valkey(tmp_path / str(port), port, *options, "--cluster-port", str(bus[port]))
            )
        clients = [nodes.enter_context(redis.Redis(port=port)) for port in ports]
        for number, client in enumerate(clients):
            client.execute_command("CLUSTER ADDSLOTSRANGE", 5462 * number, min(5462 * number + 5461, 16383))
            for port in ports:
                client.execute_command("CLUSTER MEET", "127.0.0.1", port, bus[port])
        for client in clients:
            wait_for(lambda c=client: c.cluster("INFO")["cluster_state"] == "ok", "Cluster")
        yield ports


@pytest.mark.parametrize("store", ["cached_db", "cache"])
async def test_a_cluster_keeps_sessions_and_carries_messages(cluster, own_server, store):
    where = ",".join(f"redis://127.0.0.1:{port}/0" for port in cluster)
    first, second = [
        await asyncio.to_thread(own_server, REDIS_URL=where, REDIS_CLUSTER="true", SESSION_STORE=store)
        for _ in range(2)
    ]
    url, _ = await asyncio.to_thread(first.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await visitor.ask()
        elsewhere = url.replace(str(first.port), str(second.port))
        async with Visitor(elsewhere) as moved:
            assert (await moved.get_ready())["resumed"]
            assert (await visitor.until_closed())[0] == 4409, "told through the other process's node"
            turns = (await asked(moved, "session.history", {}))["turns"]
            assert "user" in [turn["role"] for turn in turns]


def certificate(place: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (place / "cert.pem").write_bytes(made.public_bytes(pem))
    (place / "key.pem").write_bytes(secret)
    return place / "cert.pem", place / "key.pem"


@contextlib.asynccontextmanager
async def tls_before(port: int, place: Path) -> AsyncIterator[tuple[int, Path]]:
    """TLS in front of a Redis that is built without: its port, and the certificate to trust."""
    cert, key = certificate(place)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(reader, inner_writer), pass_on(inner_reader, writer))

    front = await asyncio.start_server(forward, "127.0.0.1", 0, ssl=context)
    try:
        yield front.sockets[0].getsockname()[1], cert
    finally:
        front.close()


async def test_over_tls_and_only_with_a_certificate_that_is_trusted(own_server, tmp_path):
    plain = free_port()
    options = ["--port", str(plain), "--bind", "127.0.0.1", "--save", ""]
    with valkey(tmp_path / "plain", plain, *options):
        async with tls_before(plain, tmp_path) as (port, cert):
            where = f"rediss://127.0.0.1:{port}/0"
            trusting = await asyncio.to_thread(
                own_server, REDIS_URL=where, REDIS_OPTIONS=json.dumps({"ssl_ca_certs": str(cert)})
            )
            url, _ = await asyncio.to_thread(trusting.start_session)
            async with Visitor(url) as visitor:
                await visitor.get_ready()
                async with Visitor(url) as newer:
                    await newer.get_ready()
                    assert (await visitor.until_closed())[0] == 4409
                    await newer.ask()
            await asyncio.to_thread(trusting.stop)
            doubting = redis.Redis.from_url(where)
            with pytest.raises(redis.ConnectionError, match="certificate"):
                await asyncio.to_thread(doubting.ping)
