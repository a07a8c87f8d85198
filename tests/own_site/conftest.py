"""The wheel, built from the tree once for all tests here, and a project of somebody else that runs on it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import fresh_database
from tests.own_site.harbour import EMAIL, PASSWORD, Harbour, environment_with
from tests.servers import ROOT

PACKAGES = ("characters", "greenroom", "sessions_app", "staff", "voicebot")  # what the wheel installs


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    command = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(place), "."]
    subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True, timeout=120)
    (built,) = place.glob("greenroom-*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment in which the wheel is installed."""
    return environment_with(wheel, tmp_path_factory.mktemp("installed") / "venv")


@pytest.fixture(scope="session")
def project(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    """examples/own_site with its tables, demo characters and an account; it does not run yet."""
    with fresh_database("harbour") as database:
        made = Harbour(installed, tmp_path_factory.mktemp("harbour"), database)
        made.django("migrate", "--verbosity=0")
        made.django("seed_demo")
        made.django("createsuperuser", "--noinput", f"--email={EMAIL}", DJANGO_SUPERUSER_PASSWORD=PASSWORD)
        made.django("collectstatic", "--noinput", "--verbosity=0")
        yield made


@pytest.fixture(scope="session")
def harbour(project: Harbour) -> Iterator[Harbour]:
    """The same, serving."""
    project.start()
    yield project
    project.stop()
