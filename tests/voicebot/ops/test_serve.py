"""`manage.py serve`: it says what is wrong before it starts, and stops in order."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection

from tests.databases import fresh_database
from tests.servers import ROOT, Server
from tests.workers import free_port


def test_a_stopped_server_takes_its_embedded_postgresql_with_it(tmp_path):
    server = Server(
        tmp_path / "log", "", cold=True, DATA_DIR=str(tmp_path), SESSION_KEYS="", SECRET_KEY=""
    ).start()
    assert (tmp_path / "postgres" / "postmaster.pid").exists()
    first = server.words()
    assert "user: admin  password:" in first
    server.stop(signal.SIGTERM)
    assert server.process.returncode == 0
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()
    server.start()
    try:
        again = server.words()[len(first) :]
        assert "password:" not in again, "it is shown once"
        assert "Calling the demo characters" not in again, "a second run changes nothing"
    finally:
        server.stop()


def test_a_taken_port_is_named_with_a_way_out(server):
    environment = {**server.environment, "PORT": str(server.port)}
    tried = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert tried.returncode == 1
    assert f"Port {server.port} is taken" in tried.stderr
    assert "PORT=" in tried.stderr


def test_replicas_that_start_at_once_on_an_empty_database_all_live(tmp_path):
    with fresh_database(f"greenroom_replicas_{os.getpid()}") as database:
        servers = [
            Server(tmp_path / f"log-{number}", database, DATA_DIR=str(tmp_path / str(number)))
            for number in range(3)
        ]
        try:
            with ThreadPoolExecutor() as threads:
                list(threads.map(Server.start, servers))
            logs = [server.words() for server in servers]
            assert sum("The admin account" in log for log in logs) == 1
            assert sum("Calling the demo characters" in log for log in logs) == 1
            assert any("Waiting for another process" in log for log in logs)
        finally:
            for server in servers:
                server.stop()


def test_a_database_that_cannot_be_reached_is_named_with_its_cause(tmp_path):
    port = free_port()
    server = Server(tmp_path / "log", f"postgresql://greenroom:hush@127.0.0.1:{port}/nothing")
    with pytest.raises(RuntimeError, match=f"(?s)127.0.0.1:{port}/nothing: .*refused") as failed:
        server.start()
    assert "hush" not in str(failed.value)
    assert "Traceback" not in str(failed.value)


@pytest.mark.django_db(transaction=True)
def test_a_migration_may_take_longer_than_any_other_statement(settings):
    def sleep() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.3)")

    connection.settings_dict["OPTIONS"]["statement_timeout_ms"], before = 100, 10_000
    try:
        with connection.without_time_limit():
            sleep()
        with pytest.raises(OperationalError, match="statement timeout"):
            sleep()
    finally:
        connection.settings_dict["OPTIONS"]["statement_timeout_ms"] = before
        connection.close()
        connection.close_pool()


def test_servers_of_tests_are_forked_with_all_set_up(own_server):
    """An import that begins threads would make each of some hundred start a second later, unnoticed."""
    assert own_server().process.is_prepared
