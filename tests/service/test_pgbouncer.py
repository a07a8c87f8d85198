"""PgBouncer with transaction pooling in front of PostgreSQL: everything goes on as without it."""

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.databases import fresh_database
from tests.servers import Server
from tests.visitors import Visitor
from tests.voicebot.connection.test_resume import asked, back_in, write
from tests.workers import free_port

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
SETTINGS = """
[databases]
{name} = host={host} port={port} dbname={name} user={user} {password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listens}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
"""


@pytest.fixture
def pooled(tmp_path) -> Iterator[str]:
    """The address of an empty database behind a PgBouncer of three connections."""
    if not PGBOUNCER:
        pytest.skip("needs PgBouncer (Debian: apt-get install pgbouncer)")
    name = f"greenroom_pooled_{os.getpid()}"
    with fresh_database(name) as database:
        parts = urlsplit(database)
        name = parts.path[1:]
        where = {key: values[0] for key, values in parse_qs(parts.query).items()}
        listens = free_port()
        password = f"password={unquote(parts.password)}" if parts.password else ""
        config = tmp_path / "pgbouncer.ini"
        config.write_text(
            SETTINGS.format(
                name=name,
                host=where.get("host", parts.hostname),
                port=where.get("port", parts.port or 5432),
                user=unquote(parts.username or ""),
                password=password,
                listens=listens,
            )
        )
        command = [PGBOUNCER, str(config)]
        if os.geteuid() == 0:  # it refuses to be root, and has to get at the server's socket
            socket_dir = Path(where.get("host", "/"))
            user = socket_dir.stat().st_uid or pwd.getpwnam("nobody").pw_uid
            for folder in (config, *config.parents[:3]):
                folder.chmod(folder.stat().st_mode | 0o055)
            command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command]
        with (tmp_path / "pgbouncer.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until = time.monotonic() + 10
            while socket.socket().connect_ex(("127.0.0.1", listens)):
                assert time.monotonic() < until, (tmp_path / "pgbouncer.log").read_text()
                time.sleep(0.1)
            yield f"postgresql://greenroom@127.0.0.1:{listens}/{name}"
        finally:
            process.terminate()
            process.wait(10)


async def test_conversations_behind_transaction_pooling(pooled, tmp_path):
    servers = [Server(tmp_path / f"log-{number}", pooled, DATA_DIR=str(tmp_path)) for number in range(2)]
    try:
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in servers))
        first, second = servers
        url, answer = await asyncio.to_thread(first.start_session)
        async with Visitor(url) as visitor:
            session = (await visitor.get_ready())["id"]
            for number in range(4):
                await write(visitor, f"question {number}")
        async with Visitor(await back_in(second, session, answer)) as visitor:
            assert (await visitor.get_ready())["resumed"]
            turns = (await asked(visitor, "session.history", {}))["turns"]
            questions = [turn["text"] for turn in turns if turn["role"] == "user"]
            assert questions == [f"question {number}" for number in range(4)]
        cookie = await asyncio.to_thread(first.editor_cookie)
        for path in ("/", "/admin/", "/admin/sessions_app/voicesession/", "/admin/characters/character/add/"):
            assert (await asyncio.to_thread(second.request, path, **cookie)).status == 200, path
        assert "swept" not in await asyncio.to_thread(first.command, "cleanup_sessions", "--dry-run")
        for server in servers:
            log = server.words()
            assert " ERROR " not in log, log[-3000:]
    finally:
        for server in servers:
            server.stop()


def test_what_is_refused_at_the_door_is_said(pooled, tmp_path):
    server = Server(tmp_path / "log", f"{pooled}?options=-c%20geqo%3Doff", DATA_DIR=str(tmp_path))
    with pytest.raises(RuntimeError, match="unsupported startup parameter"):
        server.start()
    assert "Traceback" not in server.words()
