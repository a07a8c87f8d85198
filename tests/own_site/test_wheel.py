import email
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.own_site.conftest import PACKAGES, ROOT

NOT_INSTALLED = ("voicebot/client/",)  # the page's TypeScript, which the bundle is made of


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def in_the_tree(pattern: str) -> set[str]:
    found = {str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob(pattern)}
    found |= {f"greenroom/{path.relative_to(ROOT)}" for path in (ROOT / "templates").rglob(pattern)}
    return {name for name in found if not name.startswith(NOT_INSTALLED)}


@pytest.mark.parametrize(
    "pattern",
    ["*.py", "*.html", "*.mo", "py.typed", "demo/*", "demo/repertoire/*", "static/*/*", "static/*/*/*"],
)
def test_everything_that_the_rooms_need_is_in_the_wheel(names, pattern):
    wanted = {name for name in in_the_tree(pattern) if "__pycache__" not in name and Path(name).suffix}
    assert wanted
    assert not wanted - names


def test_every_package_tells_type_checkers_of_its_types(names):
    assert {f"{package}/py.typed" for package in PACKAGES} <= names


def test_the_wheel_brings_nothing_that_could_be_in_the_way_of_a_project(names):
    """`config` is what many projects call theirs; `manage.py` and tests are nobody else's."""
    roots = {name.split("/")[0] for name in names}
    assert {root for root in roots if not root.endswith(".dist-info")} == set(PACKAGES)
    assert not [name for name in names if "node_modules" in name or name.endswith((".ts", ".po", ".pyc"))]


def test_the_wheel_wants_what_the_project_wants(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        about = email.message_from_bytes(archive.read(metadata))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [Requirement(text) for text in about.get_all("Requires-Dist", [])]
    plain = {str(one) for one in wanted if "extra" not in str(one.marker or "")}
    assert plain == {str(Requirement(text)) for text in project["dependencies"]}
    assert {"local", "local-piper", "local-kokoro", "s3", "tracing"} <= set(
        about.get_all("Provides-Extra", [])
    )
    assert all(one.specifier for one in wanted if str(one) in plain)
