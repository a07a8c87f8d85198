"""Python programs in a process of their own, forked from one that has the imports done."""

import subprocess
import tempfile
from pathlib import Path

from tests.fork_server import ROOT, Forked, fork_server_address
from tests.patience import PATIENCE_SECS


def run(*argv: str, env: dict[str, str], bare: bool = False) -> subprocess.CompletedProcess[str]:
    """As `python *argv` would end, with this environment: its PYTHONPATH comes before all packages.

    `bare`, nothing of Greenroom is imported, and Django is not set up: for what changes imports.
    """
    with tempfile.TemporaryDirectory() as place:
        said, complained = Path(place, "stdout"), Path(place, "stderr")
        process = Forked(
            fork_server_address(),
            bare=bare,
            argv=list(argv),
            env=env,
            cwd=str(ROOT),
            stdout=str(said),
            stderr=str(complained),
        )
        try:
            code = process.wait(PATIENCE_SECS * 2)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return subprocess.CompletedProcess(argv, code, said.read_text(), complained.read_text())
