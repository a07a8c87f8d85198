"""What was erased cannot be read from a backup that is older, with the keys at hand (findings H7, L5)."""

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from greenroom import development
from tests.databases import fresh_database, templates
from tests.servers import Server
from tests.service.test_backup import TOOLS, run

SAY = """
from datetime import UTC, datetime
from characters.management.commands.seed_demo import seed
from sessions_app.session import Turn
from sessions_app.manager import SyncSessionManager
seed()
manager = SyncSessionManager()
for words in ("My secret is Zanzibar Quince.", "My secret is Timbuktu Pear."):
    session = manager.create(character="captain-marlow", visitor="anon:me", metadata={"said": words})
    manager.append(session.id, [Turn(1, "user", words, False, datetime.now(UTC))])
    print("ID", session.id)
"""
# As somebody with the database and every key would: straight from the rows.
READ = """
from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession
manager = SyncSessionManager()
for session in VoiceSession.objects.all():
    try:
        print("READ", manager.turns(session.pk)[0].text, manager.get(session.pk).metadata)
    except Exception as error:
        print("NOT", type(error).__name__)
"""


class House:
    """A database of ours with its keys, without a server."""

    def __init__(self, place: Path, database: str, keys: dict[str, str]):
        self.database, self.keys = database, keys
        self.command = Server(place / "log", database, DATA_DIR=str(place), **keys).command

    def read(self) -> str:
        return self.command("shell", "-c", READ)

    def backup(self, *files: Path | str) -> None:
        run("backup.sh", *files, DATABASE_URL=self.database, **self.keys)


@pytest.fixture
def house(tmp_path, db):
    keys = {"SECRET_KEY": development.secret_key(), "SESSION_KEYS": development.session_keys()}
    with fresh_database(f"greenroom_vault_{os.getpid()}", templates()[0]) as database:
        yield House(tmp_path, database, keys)


@pytest.fixture
def elsewhere(tmp_path, house):
    with fresh_database(f"greenroom_vault_elsewhere_{os.getpid()}") as database:
        yield House(tmp_path, database, house.keys)


def restore(house: House, *files: Path) -> None:
    run("restore.sh", *files, DATABASE_URL=house.database)


def test_an_erased_conversation_is_not_in_an_older_backup(house, elsewhere, tmp_path):
    erased, kept = (
        line.split()[1] for line in house.command("shell", "-c", SAY).splitlines() if line.startswith("ID ")
    )
    with psycopg.connect(house.database) as asked:
        wrapped = [row[0].hex() for row in asked.execute("SELECT wrapped_key FROM sessions_app_datakey")]
    assert len(wrapped) == 2
    dump, keys, data_keys, journal = (tmp_path / name for name in ("dump", "keys", "data_keys", "journal"))
    house.backup(dump, keys, data_keys, journal)
    plain = subprocess.run([TOOLS / "pg_restore", "--file=-", dump], check=True, capture_output=True).stdout
    assert erased.encode() in plain, "the rows are there"
    assert not [key for key in wrapped if key.encode() in plain], "and not what opens them"
    assert all(path.stat().st_mode & 0o077 == 0 for path in (dump, keys, data_keys, journal))
    old_data_keys = tmp_path / "old_data_keys"
    old_data_keys.write_bytes(data_keys.read_bytes())

    house.command(
        "shell",
        "-c",
        f"from sessions_app.manager import SyncSessionManager; SyncSessionManager().erase('{erased}')",
    )
    house.backup("-", "-", data_keys, journal)
    assert (erased in data_keys.read_text(), kept in data_keys.read_text()) == (False, True)
    assert erased in house.command("erasures", "--since", "2026-01-01")

    restore(elsewhere, dump, data_keys, journal)
    said = elsewhere.read()
    assert "Zanzibar" not in said, "its key is nowhere"
    assert "NOT RecordUnreadable" in said
    assert said.count("Timbuktu") == 2, "what was not erased is there as before"
    assert "Erased 1 sessions, 1 turns" in elsewhere.command("replay_erasures", str(journal))
    assert "NOT" not in elsewhere.read(), "nor are its rows"

    with fresh_database(f"greenroom_vault_again_{os.getpid()}") as database:
        again = House(tmp_path, database, house.keys)
        restore(again, dump, old_data_keys, journal)  # with keys that are older than the erasure, too
        assert "Zanzibar" not in again.read()


LEARN = """
from characters.management.commands.seed_demo import seed
from sessions_app.memories import Bounds, Finding, SyncMemories
seed()
memories = SyncMemories()
memories.set_consent("anon:me", "captain-marlow", True)
memories.set_consent("anon:gone", "captain-marlow", True)
memories.add("anon:gone", "captain-marlow", [Finding("has a secret, Timbuktu Pear", "note")], Bounds())
kept = [Finding("is called Robin", "name"), Finding("has a dog, Zanzibar Quince", "life", "pet:dog")]
memories.add("anon:me", "captain-marlow", kept, Bounds())
"""
FORGET = """
from sessions_app.memories import SyncMemories, matching
memories = SyncMemories()
dog = matching(memories.known("anon:me", "captain-marlow").recollections, "dog")
print("FORGOT", memories.forget("anon:me", dog[0].id).memories)
memories.set_consent("anon:gone", "captain-marlow", False)
"""
RECALL = """
from sessions_app.memories import SyncMemories
for visitor in ("anon:me", "anon:gone"):
    for known in SyncMemories().all_known(visitor):
        print("READ", visitor, known.consent, [memory.text for memory in known.recollections])
"""


def test_a_forgotten_memory_is_not_in_an_older_backup(house, elsewhere, tmp_path):
    house.command("shell", "-c", LEARN)
    dump, keys, data_keys, journal = (tmp_path / name for name in ("dump", "keys", "data_keys", "journal"))
    house.backup(dump, keys, data_keys, journal)
    plain = subprocess.run([TOOLS / "pg_restore", "--file=-", dump], check=True, capture_output=True).stdout
    with psycopg.connect(house.database) as asked:
        wrapped = [row[0].hex() for row in asked.execute("SELECT wrapped_key FROM sessions_app_memorykey")]
        rows = [row[0].hex() for row in asked.execute("SELECT sealed FROM sessions_app_sealedmemory")]
    assert (len(wrapped), len(rows)) == (2, 3)
    assert all(row.encode() in plain for row in rows), "the rows are there"
    assert not [key for key in wrapped if key.encode() in plain], "and not what opens them"

    assert "FORGOT 1" in house.command("shell", "-c", FORGET)
    house.backup("-", "-", data_keys, journal)
    restore(elsewhere, dump, data_keys, journal)
    known = elsewhere.command("shell", "-c", RECALL)
    assert "READ anon:me yes ['is called Robin']" in known, "nor for a moment"
    assert "Timbuktu" not in known, "its key is nowhere"
    elsewhere.command("replay_erasures", str(journal))
    with psycopg.connect(elsewhere.database) as asked:
        assert asked.execute("SELECT count(*) FROM sessions_app_sealedmemory").fetchone() == (1,)


def test_no_password_is_on_a_command_line(house, elsewhere, tmp_path):
    """The tools' command lines as the system shows them to everybody (/proc/PID/cmdline)."""
    seen, bins = tmp_path / "seen", tmp_path / "bin"
    bins.mkdir()
    path = f"{bins}{os.pathsep}{TOOLS}{os.pathsep}{os.environ['PATH']}"
    for tool in ("pg_dump", "pg_restore", "psql", "awk", "sed"):
        real = subprocess.run(
            ["/bin/sh", "-c", f"command -v {tool}"],
            env={"PATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        wrapper = bins / tool
        wrapper.write_text(f'#!/bin/sh\ntr "\\0" " " </proc/$$/cmdline >>{seen}\nexec {real} "$@"\n')
        wrapper.chmod(0o755)
    password = urlsplit(house.database).password or "HUNTER2%40PASSWORD"

    def with_password(url: str) -> str:
        login = urlsplit(url).netloc.partition("@")[0].partition(":")[0]
        return url.replace(urlsplit(url).netloc, f"{login}:{password}@", 1)

    files = [str(tmp_path / name) for name in ("dump", "keys", "data_keys", "journal")]
    where = Path(__file__).parents[2] / "deploy"
    for script, arguments, url in (
        ("backup.sh", files, with_password(house.database)),
        ("restore.sh", [files[0], *files[2:]], with_password(elsewhere.database)),
    ):
        subprocess.run(
            [where / script, *arguments],
            env={**os.environ, **house.keys, "PATH": path, "DATABASE_URL": url},
            check=True,
            capture_output=True,
        )
    lines = seen.read_text()
    assert all(tool in lines for tool in ("pg_dump", "pg_restore", "psql"))
    assert "greenroom_vault" in lines
    assert "HUNTER2" not in lines
    assert password not in lines
    assert house.keys["SESSION_KEYS"] not in lines


def test_keys_of_before_there_was_a_table_for_them_are_taken_along(house):
    house.command("shell", "-c", SAY)
    house.command("migrate", "--verbosity", "0", "sessions_app", "0005_greeted")
    with psycopg.connect(house.database) as asked:
        (most,) = asked.execute("SELECT count(wrapped_key) FROM sessions_app_voicesession").fetchone()
    assert most == 2
    house.command("migrate", "--verbosity", "0")
    assert house.read().count("READ") == 2
