"""examples/own_site in a folder of its own, with the wheel in a virtual environment of its own."""

import base64
import os
import secrets
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path
from typing import Any

from tests.servers import ROOT, Server

EMAIL, PASSWORD = "keeper@harbour.example", "a lamp in every window"
SECS = 120


def environment_with(wheel: Path, place: Path) -> Path:
    """The Python of an empty virtual environment in which nothing but the wheel is installed.

    What the wheel depends on, and nothing of ours, is found where the tests have it.
    """
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    install = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile", str(wheel)]
    run(shutil.which("pip") or "pip", "--python", str(python), *install)
    (site,) = place.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=SECS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


class Installed(Server):
    """A copy of an example, served by uvicorn as anybody would, with the wheel and no tree of ours."""

    application = ""

    def __init__(self, python: Path, place: Path, database: str, example: Path):
        super().__init__(place / "log", database)
        self.python, self.place = python, place / "project"
        shutil.copytree(example, self.place, ignore=shutil.ignore_patterns("__pycache__"))
        self.environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": database,
            "VAR": str(place / "var"),
            "SECRET_KEY": "of the tests, and drawn by nobody: 0123456789 abcdefghijklmnopqrstuvwxyz",
            "SESSION_KEYS": "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        }

    def django(self, *arguments: str, **environment: str) -> str:
        """What a management command prints."""
        env = {"PYTHONPATH": ".", **self.environment, **environment}
        return run(str(self.python), "-m", "django", *arguments, cwd=self.place, env=env)

    def _launch(self) -> Any:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(self.python), "-m", "uvicorn", self.application, f"--port={self.port}"],
                cwd=self.place,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


class Harbour(Installed):
    """examples/own_site."""

    application = "harbour.asgi:application"
    home = "/voices"

    def __init__(self, python: Path, place: Path, database: str):
        super().__init__(python, place, database, ROOT / "examples" / "own_site")
        settings = {"DJANGO_SETTINGS_MODULE": "harbour.settings", "DEFAULT_PROVIDER": "scripted", "TLS": "0"}
        self.environment |= settings
