"""A registration that is wrong, or made twice, is an error at start, in a sentence that names the app."""

import os
import subprocess
from pathlib import Path

import pytest

from characters import cards
from characters.cards.others import added as added_importers
from characters.exceptions import CardRefused
from sessions_app import stores
from tests import programs
from voicebot import extensions
from voicebot.extensions import registering
from voicebot.extensions.additions import Additions
from voicebot.providers import capabilities, registry

PERSONA = b"PERSONA Quill\nWrites letters for people who cannot."


@pytest.fixture(autouse=True)
def own_registries(monkeypatch) -> None:
    monkeypatch.setattr(registering, "additions", Additions())
    registries = (
        (registry, "ADDED"),
        (registry, "SERVES"),
        (capabilities, "LABELS"),
        (stores, "STORES"),
        (added_importers, "IMPORTERS"),
    )
    for owner, name in registries:
        monkeypatch.setattr(owner, name, dict(getattr(owner, name)))
    monkeypatch.setattr("voicebot.extensions.messages.CLIENT_MESSAGES", {"session.get": None})


def make(state):
    return None


WRONG = {
    "a provider's name that is taken": lambda: extensions.provider("openai", extensions.BaseProvider()),
    "a name that is none": lambda: extensions.provider("Acme!", extensions.BaseProvider()),
    "a path as a name": lambda: extensions.provider("acme.voice", extensions.BaseProvider()),
    "a provider that is none": lambda: extensions.provider("acme", object()),
    "no stage": lambda: extensions.provider("acme", extensions.BaseProvider(), stages=()),
    "a stage that is none": lambda: extensions.provider("acme", extensions.BaseProvider(), stages=("ears",)),
    "no place": lambda: extensions.processor(make),
    "two places": lambda: extensions.processor(make, before="stt", after="llm"),
    "a place that is none": lambda: extensions.processor(make, before="kitchen"),
    "nothing to call": lambda: extensions.processor("acme.processor", before="stt"),
    "no observer": lambda: extensions.observer(None),
    "other words": lambda: extensions.text_transform("thought"),
    "a message that is taken": lambda: extensions.client_message("session.get")(make),
    "a message's name": lambda: extensions.client_message("Session Get"),
    "a store that is taken": lambda: extensions.store("db", "acme.stores.Db"),
    "a store without a class": lambda: extensions.store("acme", "stores"),
    "an importer that is none": lambda: extensions.importer("ACME")(b""),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_registration_is_refused_with_a_sentence(what):
    with pytest.raises(ValueError, match=r".{20,}\."):
        WRONG[what]()


@pytest.mark.parametrize(
    "register",
    [
        lambda: extensions.provider("acme", extensions.BaseProvider()),
        lambda: extensions.processor(make, before="stt"),
        lambda: extensions.observer(make),
        lambda: extensions.text_transform("heard")(make),
        lambda: extensions.client_message("acme.ask")(make),
        lambda: extensions.store("acme", "acme.stores.Store"),
        lambda: extensions.importer("ACME")(make),
    ],
)
def test_twice_is_refused(register):
    register()
    with pytest.raises(ValueError, match="already"):
        register()


def test_an_importer_reads_what_nobody_else_does_and_fails_alone():
    @extensions.importer("PERSONA")
    def failing(data):
        raise RuntimeError

    @extensions.importer("PERSONA, too")
    def persona(data):
        name, _, text = data.removeprefix(b"PERSONA ").decode().partition("\n")
        card = {"spec": "chara_card_v2", "data": {"name": name, "description": text}}
        return card if data.startswith(b"PERSONA ") else None

    card = cards.read(PERSONA)
    assert (card.name, card.fields["description"]) == ("Quill", "Writes letters for people who cannot.")
    with pytest.raises(CardRefused):
        cards.read(b"neither this")
    with pytest.raises(CardRefused):
        cards.read(b"PERSONA Large\n" + b"x" * cards.card_limits.FILE_BYTES)


def check(folder: Path, apps: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "EXTRA_APPS": apps,
        "PYTHONPATH": str(folder),
        "DATA_DIR": str(folder),
    }
    return programs.run("manage.py", "check", env=environment, bare=True)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "from voicebot import extensions\nextensions.store('db', 'acme.stores.Db')",
            "acme.greenroom, line 2: There is a store",
        ),
        ("import nothing_of_this_name", "acme.greenroom, line 1: No module named 'nothing_of_this_name'"),
        ("1 / 0", "acme.greenroom, line 1: division by zero"),
    ],
)
def test_a_start_says_what_an_app_could_not_register(tmp_path, code, told):
    app = tmp_path / "acme"
    app.mkdir()
    (app / "__init__.py").touch()
    (app / "greenroom.py").write_text(code)
    done = check(tmp_path, "acme")
    assert done.returncode == 1
    assert told in done.stderr
    assert "voicebot.E002" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_that_nobody_has_added_is_an_error_at_start(tmp_path, monkeypatch):
    monkeypatch.setenv("SESSION_STORE", "acme")
    done = check(tmp_path, "")
    assert done.returncode == 1
    assert "There is no session store 'acme'" in done.stderr


def test_the_example_is_registered(tmp_path):
    done = check(tmp_path, "examples.extras")
    assert done.returncode == 0, done.stderr


class Resting(extensions.BaseProvider):
    """One with a model in this process."""

    def __init__(self) -> None:
        self.asked = 0

    def missing(self, _stage: str) -> list[str]:
        return []

    def give_back(self) -> bool:
        self.asked += 1
        return True


class Broken(Resting):
    def give_back(self) -> bool:
        raise RuntimeError("what somebody said")


def test_a_provider_with_models_here_is_asked_for_memory_whoever_added_it(caplog):
    resting = Resting()
    extensions.provider("broken", Broken(), stages=("tts",))
    extensions.provider("acme", resting, stages=("tts",))
    assert registry.give_back()
    assert resting.asked == 1
    assert "what somebody said" not in caplog.text
