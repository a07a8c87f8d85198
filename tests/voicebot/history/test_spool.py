"""The spool: what a killed process leaves is found, opened and brought home once; nobody else reads it."""

import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError

from sessions_app.crypto.keyring import KeyRing
from sessions_app.manager import SyncSessionManager
from sessions_app.session.turn import Turn
from tests.characters.factory import make_character
from voicebot.history import spool as module
from voicebot.history.spool import Spool, SpoolFull
from voicebot.history.spool_recovery import SpoolRecovery

RARE = "zanzibarquince"


@pytest.fixture
def manager(db, clock):
    make_character()
    return SyncSessionManager(clock=clock)


@pytest.fixture
def session(manager):
    return manager.create(character="marlow", visitor="anon:me")


@pytest.fixture
def said(manager, session, clock):
    """Sealed turns of the session, by their numbers."""
    sealer = manager.sealer(session.id)

    def turns(*numbers: int):
        return [
            (session.id, Turn(number, "user", f"{RARE} {number}", False, clock()).sealed(sealer))
            for number in numbers
        ]

    return turns


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "spool"


def left_by(folder: Path, turns) -> Path:
    """A file as a process leaves it that is killed: it holds no lock any more."""
    spool = Spool(folder)
    spool.append(turns)
    [path] = folder.glob("*.turns")
    os.close(spool._files[0]._descriptor)
    return path


def texts(manager, session) -> list[str]:
    return [turn.text.removeprefix(f"{RARE} ") for turn in manager.turns(session.id)]


def test_what_a_killed_process_left_comes_home_in_order_and_once(manager, session, said, folder):
    turns = said(1, 2, 3)
    manager.append_sealed(session.id, [turns[1][1]])  # this one got through, and nobody heard so
    path = left_by(folder, turns)
    assert SpoolRecovery(Spool(folder), manager).bring_home() == 3
    assert texts(manager, session) == ["1", "2", "3"]
    assert not path.exists()
    assert SpoolRecovery(Spool(folder), manager).bring_home() == 0


def test_nobody_takes_the_file_of_a_process_that_lives(manager, session, said, folder):
    living = Spool(folder)
    living.append(said(1))
    assert SpoolRecovery(Spool(folder), manager).bring_home() == 0
    assert living.waiting == 1


def test_of_two_who_find_a_file_one_is_at_it(said, folder):
    left_by(folder, said(1))
    first = Spool(folder).left_behind()
    assert next(first)
    assert list(Spool(folder).left_behind()) == []
    first.close()
    assert len(list(Spool(folder).left_behind())) == 1


def test_what_was_erased_meanwhile_is_not_brought_home(manager, session, said, folder):
    other = manager.create(character="marlow", visitor="anon:you")
    theirs = Turn(1, "user", "kept", False, manager.clock()).sealed(manager.sealer(other.id))
    path = left_by(folder, [*said(1, 2), (other.id, theirs)])
    manager.erase(session.id)
    SpoolRecovery(Spool(folder), manager).bring_home()
    assert [turn.text for turn in manager.turns(other.id)] == ["kept"]
    assert not path.exists(), "and nothing of it is kept here either"


def test_a_database_that_goes_in_the_middle_costs_nothing(manager, session, said, folder, monkeypatch):
    path = left_by(folder, said(*range(1, 121)))
    append, calls = manager.append_sealed, []

    def goes_away(session_id, turns):
        calls.append(True)
        if len(calls) == 2:
            raise OperationalError("gone")
        return append(session_id, turns)

    monkeypatch.setattr(manager, "append_sealed", goes_away)
    recovery = SpoolRecovery(Spool(folder), manager)
    with pytest.raises(OperationalError):
        recovery.bring_home()
    assert path.exists()
    recovery.bring_home()
    assert texts(manager, session) == [str(number) for number in range(1, 121)]


def test_nothing_in_it_is_readable_and_nothing_can_be_moved_or_changed(session, said, folder):
    path = left_by(folder, said(1, 2, 3))
    data = path.read_bytes()
    for secret in (RARE, str(session.id), session.id.hex, "user"):
        assert secret.encode() not in data
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    for position in range(len(data) - 40, len(data) - 1, 7):
        changed = bytearray(data)
        changed[position] ^= 1
        path.write_bytes(changed)
        [file] = Spool(folder).left_behind()
        with path.open("rb") as handle:
            turns, unreadable = module.LeftBehind(path, handle).turns()
        assert (len(turns), unreadable) == (2, 1)
        assert file.path == path


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_record_that_its_process_did_not_finish_costs_only_itself(manager, session, said, folder, cut):
    path = left_by(folder, said(1, 2, 3))
    os.truncate(path, path.stat().st_size - cut)
    assert SpoolRecovery(Spool(folder), manager).bring_home() == 2
    assert texts(manager, session) == ["1", "2"]


def test_what_does_not_open_is_kept_for_an_operator_and_told_of_once(
    manager, said, folder, monkeypatch, caplog
):
    path = left_by(folder, said(1))
    other = KeyRing.parse("other:" + "QUJD" * 10 + "QUI=")
    monkeypatch.setattr(module, "key_ring", lambda: other)
    recovery = SpoolRecovery(Spool(folder), manager)
    assert [recovery.bring_home(), recovery.bring_home()] == [0, 0]
    assert path.exists()
    assert len([r for r in caplog.records if r.levelname == "ERROR"]) == 1
    monkeypatch.undo()
    assert SpoolRecovery(Spool(folder), manager).bring_home() == 1, "the key is back"


def test_a_broken_record_is_put_aside_with_its_file(manager, session, said, folder):
    path = left_by(folder, said(1, 2))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert SpoolRecovery(Spool(folder), manager).bring_home() == 1
    assert texts(manager, session) == ["1"]
    assert [p.suffix for p in folder.iterdir()] == [".refused"]


def test_what_is_home_takes_no_room_and_the_rest_is_bounded(said, folder):
    spool = Spool(folder, most_bytes=20_000, file_bytes=2_000)
    turns = said(*range(1, 301))
    for turn in turns[:200]:
        spool.append([turn])
        spool.home([turn[1].identity])
    assert sum(path.stat().st_size for path in folder.iterdir()) < 2_000
    with pytest.raises(SpoolFull):
        any(spool.append([turn]) for turn in turns)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 25_000
    spool.home([turn.identity for _, turn in turns])
    spool.append(turns[:1])
    spool.home([turns[0][1].identity])
    spool.close()
    assert list(folder.iterdir()) == []


def test_a_disk_that_is_full_leaves_no_half_record_before_later_ones(
    manager, session, said, folder, monkeypatch
):
    spool = Spool(folder)
    spool.append(said(1))
    real = os.write

    def half(descriptor: int, data) -> int:
        if len(data) > 100:
            return real(descriptor, data[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(SpoolFull):
        spool.append(said(2))
    monkeypatch.undo()
    spool.append(said(3))
    os.close(spool._files[0]._descriptor)
    SpoolRecovery(Spool(folder), manager).bring_home()
    assert texts(manager, session) == ["1", "3"]


def test_a_turn_is_there_after_kill_9(said, folder):
    """By a process that appends, says so, and is killed before it can do anything more."""
    program = textwrap.dedent(
        """
        import os, signal, sys
        import django
        django.setup()
        from datetime import UTC, datetime
        from pathlib import Path
        from uuid import uuid4
        from sessions_app.stores.records import TurnRecord
        from voicebot.history.spool import Spool
        spool = Spool(Path(sys.argv[1]))
        spool.append([(uuid4(), TurnRecord(1, "user", False, b"sealed", datetime.now(UTC)))])
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], env=environment, check=False, capture_output=True
    )
    assert done.returncode == -9, done.stderr
    [file] = Spool(folder).left_behind()
    with file.path.open("rb") as handle:
        [(_, turn)], unreadable = module.LeftBehind(file.path, handle).turns()
    assert (turn.sequence, turn.sealed, unreadable) == (1, b"sealed", 0)
    assert replace(turn, sequence=2).identity == turn.identity


def test_rotating_keys_brings_home_what_it_can_and_says_what_still_needs_the_old_key(
    manager, session, said, folder, monkeypatch
):
    left_by(folder, said(1))
    living = Spool(folder)
    living.append(said(2))
    recovery = SpoolRecovery(Spool(folder), manager)
    assert recovery.still_under_other_keys() == "", "the key is still the active one"
    assert texts(manager, session) == ["1"]
    newer = KeyRing.parse(f"newer:{'QUJD' * 10}QUI=,{settings.SESSION_KEYS}")
    monkeypatch.setattr("voicebot.history.spool_recovery.key_ring", lambda: newer)
    assert recovery.still_under_other_keys().startswith("1 files")
