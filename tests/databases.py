"""The databases of the tests: copies of one that is migrated and seeded once for each state of the code.

PostgreSQL copies one in a tenth of a second; migrating and seeding take four seconds of a core.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from django.conf import settings
from psycopg import sql

from tests.meanings import begin_reading
from tests.workers import SHARED, WORKER

ROOT = Path(__file__).parent.parent
PREFIX = "greenroom_template_"
LOCK = int.from_bytes(b"grtests", "big")  # of an advisory lock: one process at a time makes them
SEED = """
from django.contrib.auth import get_user_model
from characters.management.commands.seed_demo import seed
seed()
get_user_model().objects.create_superuser("admin", "", None)
from voicebot.turns import warm
warm()
import json
from pathlib import Path
from django.conf import settings
from characters import catalog
from voicebot.repertoire import RepertoireIndex
written = {q: None for slug in catalog.on_stage() for q in RepertoireIndex(catalog.get(slug)).questions}
(Path(settings.DATA_DIR) / "questions.json").write_text(json.dumps(list(written)))
"""


def database_url(name: str) -> str:
    """The address of a database on the server that the tests use."""
    server = settings.DATABASES["default"]
    login = quote(server["USER"]) + (f":{quote(server['PASSWORD'])}" if server.get("PASSWORD") else "")
    where = {"host": server["HOST"], "port": server["PORT"]} | {
        key: value for key, value in server["OPTIONS"].items() if key == "host"
    }
    return f"postgresql://{login}@/{name}?{urlencode({k: v for k, v in where.items() if v})}"


@contextlib.contextmanager
def fresh_database(name: str, template: str = "template0") -> Iterator[str]:
    """The address of a database, empty or as its template is; dropped afterwards."""
    name = f"{name}{WORKER and '_'}{WORKER}"
    with psycopg.connect(database_url("postgres"), autocommit=True) as admin:
        copy(admin, name, template)
    try:
        yield database_url(name)
    finally:
        with psycopg.connect(database_url("postgres"), autocommit=True) as admin:
            _drop(admin, name)


@contextlib.contextmanager
def stage_database(name: str, place: Path) -> Iterator[str]:
    """One with the demo characters and an administrator; what lies on disk of them is put into `place`."""
    _, stage = templates()
    shutil.copytree(_folder(stage) / "media", place / "media", dirs_exist_ok=True)
    shutil.copytree(_folder(stage) / "models", place / "models", dirs_exist_ok=True, copy_function=os.link)
    with fresh_database(name, stage) as database:
        yield database


def share_speech(place: Path) -> None:
    """Kokoro's greetings, made beforehand: by the first server of this code, not by each with local voices.

    They are twenty seconds of a core.
    """
    kept = _folder(templates()[1]) / "speech"
    kept.mkdir(exist_ok=True)
    (place / "media" / "speech").symlink_to(kept)


def state_of_the_code() -> str:
    """Another one wherever tables or demo characters could be."""
    found = hashlib.sha256(SEED.encode())
    for package in ("config", "greenroom", "characters", "sessions_app", "staff", "voicebot"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix == ".py" or (path.is_file() and "demo" in path.parts):
                found.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    found.update((ROOT / "requirements" / "all.txt").read_bytes())
    return found.hexdigest()[:12]


def _folder(name: str) -> Path:
    """Where the media of a template are."""
    return SHARED / "templates" / name


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def copy(admin: psycopg.Connection, name: str, template: str) -> None:
    """An identical database of another name, in place of one that has it."""
    _drop(admin, name)
    admin.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    )


def _make(admin: psycopg.Connection, tables: str, stage: str) -> None:
    """Those of the code as it is now, in place of all older ones."""
    for (old,) in admin.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]
    ).fetchall():
        _drop(admin, old)
    shutil.rmtree(_folder(""), ignore_errors=True)
    for name, base, command in (
        (tables, "template0", ["migrate", "--verbosity=0"]),
        (stage, tables, ["shell", "--no-imports", "-c", SEED]),
    ):
        making = f"{name}_making"
        copy(admin, making, base)
        place = _folder(name)
        place.mkdir(parents=True)
        environment = {**os.environ, "DATABASE_URL": database_url(making), "DATA_DIR": str(place)}
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (making, name))))


def _forget_durability(admin: psycopg.Connection) -> None:
    """For the embedded server, whose databases nobody wants back after a power cut."""
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        admin.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
    admin.execute("SELECT pg_reload_conf()")


@cache
def templates() -> tuple[str, str]:
    """The names of two databases: one with tables only, one with the demo characters and an account, too."""
    state = state_of_the_code()
    tables, stage = f"{PREFIX}tables_{state}", f"{PREFIX}stage_{state}"
    with psycopg.connect(database_url("postgres"), autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        if not settings.DATABASE_URL:
            _forget_durability(admin)
        if not admin.execute("SELECT true FROM pg_database WHERE datname = %s", [stage]).fetchone():
            _make(admin, tables, stage)
    if (questions := _folder(stage) / "questions.json").exists():
        begin_reading(questions)
    return tables, stage
