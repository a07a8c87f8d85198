"""The wheel, built from the tree once for all tests here."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    command = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(place), "."]
    subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True, timeout=120)
    (built,) = place.glob("greenroom-*.whl")
    return built
