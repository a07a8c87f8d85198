"""`manage.py serve`: it says what is wrong before it starts, and stops in order."""

import signal
import subprocess
import sys

from tests.servers import ROOT, Server


def test_a_stopped_server_takes_its_embedded_postgresql_with_it(tmp_path):
    server = Server(tmp_path / "log", "", DATA_DIR=str(tmp_path), SESSION_KEYS="", SECRET_KEY="").start()
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
