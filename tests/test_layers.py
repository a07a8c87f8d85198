"""Imports run one way, packages are entered by their door, and no room is larger than it may be.

Migrations are left out everywhere: they name what was there when they were written. So is what only a type
checker reads.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
# An app imports from those to its right. Django finds `config` by name, and nothing imports it.
APPS = ("config", "greenroom", "staff", "voicebot", "sessions_app", "characters")
# Within an app: each package or module of its first level imports from lines above its own only.
ORDER = {
    "characters": """
        exceptions field_limits signals text
        lore portraits tools
        models spec
        addresses content prompts
        catalog provider_choice
        report
        versions
        shelf
        cards demo documents pages
        admin
        apps management urls
    """,
    "sessions_app": """
        async_middleware exceptions log_context network signals
        database
        crypto shared_cache
        models
        costs outbox
        stores
        session
        identity
        documents memories
        manager
        conversations expiry handlers receivers
        admin
        apps management
    """,
    "staff": """
        models
        login
        audit backends factors
        middleware pages
        site
        admin apps
    """,
    "voicebot": """
        pipecat_internals
        ops outbound service_options
        models meaning usage
        lore
        documents events memories
        repertoire
        providers
        tools
        extensions
        history transport turns
        runtime pipeline
        connection
        http
        profile_form stage_trials tool_admin
        line_page stages_page unwritten_page
        admin checks
        apps management routing urls
    """,
}
# Packages whose `__init__` names in `__all__` all that others import.
DOORS = (
    "characters.admin",
    "characters.cards",
    "characters.demo",
    "characters.documents",
    "characters.lore",
    "characters.models",
    "characters.pages",
    "characters.portraits",
    "characters.prompts",
    "characters.shelf",
    "characters.text",
    "characters.tools",
    "characters.versions",
    "sessions_app.admin",
    "sessions_app.conversations",
    "sessions_app.costs",
    "sessions_app.crypto",
    "sessions_app.database",
    "sessions_app.identity",
    "sessions_app.manager",
    "sessions_app.memories",
    "sessions_app.models",
    "sessions_app.network",
    "sessions_app.outbox",
    "sessions_app.session",
    "sessions_app.stores",
    "staff.factors",
    "staff.login",
    "staff.pages",
    "voicebot.connection",
    "voicebot.documents",
    "voicebot.events",
    "voicebot.extensions",
    "voicebot.history",
    "voicebot.http",
    "voicebot.line_page",
    "voicebot.lore",
    "voicebot.meaning",
    "voicebot.memories",
    "voicebot.models",
    "voicebot.ops",
    "voicebot.outbound",
    "voicebot.pipeline",
    "voicebot.providers",
    "voicebot.repertoire",
    "voicebot.tools",
    "voicebot.transport",
    "voicebot.turns",
    "voicebot.usage",
)
BY_MODULE = {"voicebot.pipecat_internals"}  # each user loads only what it needs of Pipecat
# Settings and Django name these by dotted path; what is loaded before Django is set up loads next to nothing.
BY_PATH = {
    "greenroom.environment",
    "config.formats",
    "greenroom.http",
    "config.media",
    "config.postgresql",
    "config.redis",
    "staff.templatetags",
}
MOST_MODULES, MOST_LINES = 12, 300
TOO_MANY_MODULES: set[str] = set()
TOO_LONG: set[str] = set()


class Import(NamedTuple):
    by: str  # the module that imports
    module: str
    name: str

    @property
    def target(self) -> str:
        """The module that is meant: `name` may be one itself."""
        whole = f"{self.module}.{self.name}"
        return whole if is_module(whole) else self.module


def path_of(module: str) -> Path:
    return ROOT / module.replace(".", "/")


def is_module(name: str) -> bool:
    return path_of(name).with_suffix(".py").exists() or (path_of(name) / "__init__.py").exists()


def files() -> list[Path]:
    found = (path for app in APPS for path in (ROOT / app).rglob("*.py"))
    return sorted(path for path in found if not {"migrations", "node_modules"} & set(path.parts))


def room_of(module: str) -> str:
    """The package or module of an app's first level."""
    return ".".join(module.split(".")[:2])


@cache
def imports() -> tuple[Import, ...]:
    return tuple(found for path in files() for found in imports_of(path))


def imports_of(path: Path) -> Iterator[Import]:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    tree = ast.parse(path.read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in APPS:
            yield from (Import(module, node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            ours = (alias.name for alias in node.names if alias.name.split(".")[0] in APPS)
            yield from (Import(module, name, "") for name in ours)


def test_apps_import_one_way():
    wrong = [
        found
        for found in imports()
        if APPS.index(found.module.split(".")[0]) < APPS.index(found.by.split(".")[0])
    ]
    assert not wrong


def upward(app: str, order: str) -> set[tuple[str, str]]:
    """Imports that go up or sideways, as (importing module, imported room)."""
    rank = {f"{app}.{room}": level for level, line in enumerate(order.split("\n")) for room in line.split()}
    found = set()
    for one in imports():
        of, by = room_of(one.target), room_of(one.by)
        if by.split(".")[0] == of.split(".")[0] == app and of not in (by, app) and by != app:
            assert {of, by} <= rank.keys(), f"{of} or {by} has no place in ORDER"
            if rank[of] >= rank[by]:
                found.add((one.by, of))
    return found


@pytest.mark.parametrize("app", ORDER)
def test_rooms_of_an_app_import_one_way(app):
    assert not upward(app, ORDER[app])


def test_characters_know_no_app_above_by_name():
    """Neither a file nor a page of theirs; docstrings may speak of them."""
    named = [
        (path.name, node.value)
        for path in files()
        if path.is_relative_to(ROOT / "characters")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value
        if node.value == "talk" or node.value.startswith(("voicebot/", "voicebot.", "sessions_app", "staff."))
    ]
    assert not named


def exported(package: str) -> set[str]:
    for node in ast.parse((path_of(package) / "__init__.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


@pytest.mark.parametrize("package", DOORS)
def test_a_package_is_entered_by_its_door(package):
    names = exported(package)
    assert names
    outside = [found for found in imports() if room_of(found.by) != package]
    past = [found for found in outside if found.module.startswith(f"{package}.")]
    assert not past, "import it from the package itself"
    assert not [found for found in outside if found.module == package and found.name not in names]


@pytest.mark.parametrize("package", DOORS)
def test_a_package_says_what_lives_there(package):
    words = ast.get_docstring(ast.parse((path_of(package) / "__init__.py").read_text()))
    assert words
    assert len(words.split("\n")) <= 5


def test_every_package_has_its_door_listed():
    inits = (path.parent for path in files() if path.name == "__init__.py")
    packages = {room_of(".".join(folder.relative_to(ROOT).parts)) for folder in inits}
    rooms = {package for package in packages if "." in package and not package.endswith(".management")}
    assert rooms - {"staff.models"} == {*DOORS, *BY_MODULE, *BY_PATH}


def test_no_package_has_more_modules_than_a_reader_takes_in():
    crowded = {
        str(folder.relative_to(ROOT))
        for folder in {path.parent for path in files()}
        if len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) > MOST_MODULES
    }
    assert crowded == TOO_MANY_MODULES


def test_no_file_is_longer_than_one_idea():
    long = {
        str(path.relative_to(ROOT)) for path in files() if len(path.read_text().splitlines()) > MOST_LINES
    }
    assert long == TOO_LONG
