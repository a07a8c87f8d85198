"""Whose underscored names we touch: Pipecat's in one package alone, other libraries' where a list says so."""

import ast
import sys
from pathlib import Path

import pytest

from tests.private_names import Touch, inherited, is_private, lines_of, name_in, names_of, reached, sources
from tests.test_library_contract import PRIVATE

DOOR = "voicebot.pipecat_internals"
APPS = ("voicebot", "sessions_app", "characters", "config", "greenroom", "staff")
DOCUMENTED = {"_meta", "_default_manager", "_base_manager", "_state"}  # by Django

# What is set on another library's object, or read from one whose class is not known here.
REACHED = {
    "_RTCRtpReceiver__codecs",
    "_RTCRtpReceiver__jitter_buffer",
    "_RTCRtpReceiver__remote_streams",
    "_csp_replace",
    "_enabled",
    "_outbound_queue",
    "_password",
    "_rx_srtp",
    "_sent_queue",
    "_types",
}


@pytest.fixture(scope="module")
def places() -> list[tuple[str, str]]:
    """The files outside of the door's package, all of them imported."""
    return [(path, module) for path, module in sources(*APPS) if not module.startswith(DOOR)]


@pytest.fixture(scope="module")
def inheriting(places) -> set[Touch]:
    """Touches of what a class of ours inherits from one of theirs, or from the door's own inside."""
    found: set[Touch] = set()
    for path, module in places:
        found |= set(inherited(path, module, tuple(f"{app}." for app in APPS)))
    return found


@pytest.fixture(scope="module")
def reaching(places, inheriting) -> set[Touch]:
    """Touches of an underscored name of another object."""
    return {touch for path, _ in places for touch in reached(path)}


@pytest.fixture(scope="module")
def pipecats(inheriting) -> set[str]:
    """The underscored names in all of Pipecat that we have loaded."""
    files = {module.__file__ for name, module in list(sys.modules.items()) if name.split(".")[0] == "pipecat"}
    names: set[str] = set()
    for file in filter(None, files):
        names |= underscored(Path(file).read_text())
    return names


@pytest.fixture(scope="module")
def ours(places) -> set[str]:
    """The underscored names of our own classes and modules."""
    return {name for path, _ in places for name in underscored(Path(path).read_text())}


def underscored(text: str) -> set[str]:
    """The underscored names that a source defines or sets."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return set(filter(is_private, names))


def lines(touches: set[Touch]) -> list[str]:
    return [str(touch) for touch in sorted(touches)]


def test_only_one_package_touches_what_is_private_to_pipecat(inheriting, reaching, pipecats):
    theirs = {touch for touch in inheriting if touch.owner.startswith("pipecat.")}
    theirs |= {touch for touch in reaching if touch.owner.startswith("pipecat.") or touch.name in pipecats}
    assert not lines(theirs), "give it a public hook in voicebot/pipecat_internals"


def test_what_is_private_to_other_libraries_is_listed(inheriting, reaching, pipecats, ours):
    strange = {touch for touch in inheriting if not touch.owner.startswith("pipecat.")}
    strange = {touch for touch in strange if touch.name not in DOCUMENTED}
    listed = {(owner, name_in(line)) for owner, line in lines_of(PRIVATE) if is_private(name_in(line))}
    inherits = {(touch.owner, touch.name) for touch in strange}
    assert inherits <= listed, lines(strange)
    other = {touch for touch in reaching if touch.name not in ours | pipecats | DOCUMENTED}
    assert {touch.name for touch in other} <= REACHED | {name for _, name in listed}, lines(other)
    touched = {touch.name for touch in strange | other}
    assert not {name for _, name in listed} - touched, "listed, but not touched any more"
    places = {(touch.owner, touch.path) for touch in strange}
    assert len(places) == len({owner for owner, _ in places}), "touch each class in one place"


def test_the_search_finds_each_kind_of_touch():
    text = "x._a; x._b = 1; getattr(x, '_c'); setattr(x, '_d', 1); from p._e import _f; x.y()._g()\n"
    assert {touch.name for touch in reached("planted.py", text)} == {"_a", "_b", "_c", "_d", "_e", "_f", "_g"}
    assert not list(reached("planted.py", "self._a; cls._b; super()._c(); x.a; x.__dict__; getattr(x, 'y')"))
    inside = inherited("voicebot/pipecat_internals/vad.py", "voicebot.pipecat_internals.vad", ("voicebot.",))
    found = {touch.name for touch in inside}
    overridden, read, called, set_by_init = "_get_smoothed_volume", "_prev_volume", "_run_analyzer", "_model"
    assert {overridden, read, called, set_by_init} <= found


class Theirs:
    """Nested classes have names of their own."""

    declared: int
    _declared: int

    class Inner:
        def set(self) -> None:
            self._inner = 1

    def set(self) -> None:
        self._set, self.shown = 1, 2
        print(self._read)  # type: ignore[attr-defined]


def test_names_of_a_class_are_those_it_defines_or_sets():
    assert {"declared", "_declared", "set", "_set", "shown", "Inner"} <= names_of(Theirs)
    assert not {"_inner", "_read"} & names_of(Theirs)
