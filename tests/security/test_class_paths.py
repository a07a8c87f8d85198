"""Names never load code: which class may be imported is decided on the text, through every door (H1)."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client

from characters.exceptions import NotPublishable
from characters.models import Character
from characters.versions import publishing
from tests.characters.factory import make_character
from tests.characters.test_prompts import SHEET
from voicebot.models import ProviderProfile
from voicebot.providers import registry
from voicebot.providers.capabilities import ProviderCatalog

pytestmark = pytest.mark.django_db
DESK = "/admin/characters/character"
PROFILES = "/admin/voicebot/providerprofile"
FOREIGN = ["mischief.Service", "mischief.inner.Service", "venv.__main__.x", "this.x", "pipecat.services_.x.Y"]
PLAYERS = {f"{stage}_provider": "scripted" for stage in registry.STAGES}


@pytest.fixture
def trap(tmp_path, monkeypatch) -> Path:
    """A module that leaves a file behind and ends the process when it is imported; the file."""
    done = tmp_path / "it-ran"
    package = tmp_path / "mischief"
    package.mkdir()
    (package / "__init__.py").write_text(f"open({str(done)!r}, 'w').close()\nraise SystemExit(3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "argv", ["manage.py", "--help"])  # for venv.__main__, should it run after all
    for name in ("this", "venv.__main__", "mischief"):
        sys.modules.pop(name, None)
    return done


@pytest.fixture
def editor(signed_in_as) -> Client:
    return signed_in_as("Editor")


@pytest.fixture
def operator(signed_in_as) -> Client:
    return signed_in_as("Operator")


def nothing_ran(trap: Path) -> bool:
    return not trap.exists() and not {"this", "venv.__main__", "mischief"} & set(sys.modules)


def typed(character: Character, **fields: object) -> dict[str, object]:
    """The character's form as it is filled in, with some fields changed."""
    plain = {
        "name": character.name,
        "slug": character.slug,
        "greeting": "Ahoy.",
        "language": "en",
        "reply_sentences": 2,
        "voice_pitch": 0,
        "voice_speed": 1,
        "_character": character.pk,
    }
    return {**plain, **PLAYERS, **fields}


@pytest.mark.parametrize("path", FOREIGN)
def test_an_editors_form_imports_nothing(editor, trap, path):
    marlow = make_character()
    wanted = {f"{stage}_provider": path for stage in registry.STAGES}
    for door, slug in ((f"{marlow.pk}/change", marlow.slug), ("add", "new")):
        answer = editor.post(f"{DESK}/{door}/", typed(marlow, slug=slug, **wanted))
        for field in wanted:
            assert "no provider" in str(answer.context["adminform"].form.errors[field])
    assert nothing_ran(trap)


def test_an_editor_names_no_class_not_even_one_of_pipecats(editor):
    marlow = make_character()
    path = "pipecat.services.ollama.llm.OLLamaLLMService"
    answer = editor.post(f"{DESK}/{marlow.pk}/change/", typed(marlow, llm_provider=path))
    assert "no provider" in str(answer.context["adminform"].form.errors["llm_provider"])
    assert Character.objects.get().llm_provider == "scripted"


@pytest.mark.django_db(transaction=True)  # what it takes is counted in a database thread
@pytest.mark.parametrize("view", ["prompt", "voice"])
@pytest.mark.parametrize("path", FOREIGN)
def test_the_rehearsal_imports_nothing(editor, trap, path, view):
    marlow = make_character()
    wanted = {f"{stage}_provider": path for stage in registry.STAGES}
    assert editor.post(f"{DESK}/rehearse/{view}/", typed(marlow, **wanted)).status_code in (200, 400, 502)
    unsaved = {**typed(marlow, **wanted), "_character": ""}
    assert editor.post(f"{DESK}/rehearse/{view}/", unsaved).status_code in (200, 400, 502)
    # One that was stored before anybody looked.
    Character.objects.update(**wanted)
    assert editor.post(f"{DESK}/rehearse/{view}/", typed(marlow, **wanted)).status_code in (200, 400, 502)
    assert nothing_ran(trap)


@pytest.mark.parametrize("path", FOREIGN)
def test_a_card_imports_nothing_when_it_comes_is_shown_or_published(editor, trap, path, tmp_path):
    ours = {f"{stage}_provider": path for stage in registry.STAGES}
    card = {
        "spec": "chara_card_v2",
        "spec_version": "2.0",
        "data": {"name": "Eve", "first_mes": "Hello.", "extensions": {"greenroom": ours}},
    }
    file = tmp_path / "eve.json"
    file.write_text(json.dumps(card))
    with file.open("rb") as sent:
        told = editor.post(f"{DESK}/import/", {"cards": sent}).json()["cards"][0]
    assert "the file asks for what cannot be chosen here" in str(told["notes"])
    assert editor.get(told["url"]).status_code == 200
    assert nothing_ran(trap)


@pytest.mark.parametrize("path", FOREIGN)
def test_what_is_stored_already_is_neither_published_nor_played(trap, path):
    marlow = make_character(published=False, llm_provider=path)
    with pytest.raises(NotPublishable, match="no provider"):
        publishing.publish(marlow)
    spec = replace(SHEET, **PLAYERS | {"llm_provider": path})
    assert "no provider" in ProviderCatalog().problems(spec)["llm_provider"]
    with pytest.raises(registry.ProviderError, match="no provider"):
        registry.factories(spec)
    assert nothing_ran(trap)


@pytest.mark.parametrize("path", FOREIGN)
def test_a_profile_of_a_class_from_elsewhere_is_refused_on_the_text(operator, trap, path):
    given = {"name": "odd", "stage": "llm", "service": path, "options": "{}"}
    answer = operator.post(f"{PROFILES}/add/", given)
    assert "PROVIDER_PACKAGES" in str(answer.context["adminform"].form.errors["service"])
    # And when it stands there already: a row of an older release, or the setting has become narrower.
    ProviderProfile.objects.create(name="old", stage="llm", service=path)
    with pytest.raises(registry.ProviderError, match="PROVIDER_PACKAGES"):
        registry.factory("llm", "old")
    assert nothing_ran(trap)


@pytest.mark.parametrize("path", FOREIGN)
def test_the_environment_names_classes_of_allowed_packages_only(settings, trap, path):
    settings.STAGE_PROVIDERS = {"stt": "", "llm": path, "tts": ""}
    with pytest.raises(registry.ProviderError, match="PROVIDER_PACKAGES"):
        registry.factories(SHEET)
    settings.STAGE_PROVIDERS = {"stt": "scripted", "llm": "scripted", "tts": "scripted"}
    settings.STAGE_FALLBACKS = {"stt": "", "llm": path, "tts": ""}
    with pytest.raises(registry.ProviderError, match="PROVIDER_PACKAGES"):
        registry.factories(SHEET)
    assert nothing_ran(trap)


@pytest.mark.parametrize("variable", ["DEFAULT_PROVIDER", "STAGE_PROVIDERS", "STAGE_FALLBACKS"])
def test_a_server_does_not_start_with_a_class_from_elsewhere(settings, trap, variable):
    value = FOREIGN[0] if variable == "DEFAULT_PROVIDER" else {"stt": "", "llm": FOREIGN[0], "tts": ""}
    setattr(settings, variable, value)
    with pytest.raises(SystemCheckError, match="PROVIDER_PACKAGES"):
        call_command("check")
    assert nothing_ran(trap)
    settings.PROVIDER_PACKAGES = ["mischief"]
    call_command("check")  # it asks for the name, and looks no further
    assert nothing_ran(trap)


@pytest.mark.parametrize(
    "path",
    [
        "pipecat.services.__main__.x",
        "pipecat.services..os.system",
        "pipecat.services.openai.llm.OpenAILLMService\n",
        " pipecat.services.openai.llm.OpenAILLMService",
        "pipecat.services.openai.llm.Ｏs",
        "house.__main__.Voice",
        "housemade.Voice",
        "house",
        "",
    ],
)
def test_a_prefix_is_whole_words_and_a_path_plain_ones(settings, path):
    settings.PROVIDER_PACKAGES = ["house"]
    with pytest.raises(registry.ProviderError):
        registry.pipecat_service.service_class("llm", path)


HOSTILE = {
    "ends": "raise SystemExit('out')",
    "interrupts": "raise KeyboardInterrupt",
    "unspeakable": "class Odd(BaseException):\n    def __str__(self): raise SystemExit\nraise Odd",
    "timid": "raise TimeoutError",
    "misspelt": "this is no Python",
    "lazy": "def __getattr__(name): raise SystemExit",
    "maker": (
        "from pipecat.services.llm_service import LLMService\n"
        "class Service(LLMService):\n    def __init__(self, **given): raise SystemExit('out')"
    ),
    "wrong": "from django.http import HttpResponse as Service",
}


@pytest.mark.parametrize("module", HOSTILE)
def test_whatever_a_foreign_class_raises_is_a_sentence_in_the_form(
    operator, settings, tmp_path, monkeypatch, module
):
    house = tmp_path / "house"
    house.mkdir()
    (house / "__init__.py").touch()
    (house / f"{module}.py").write_text(HOSTILE[module])
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "house"]:
        del sys.modules[name]
    settings.PROVIDER_PACKAGES = ["house"]
    given = {"name": "odd", "stage": "llm", "service": f"house.{module}.Service", "options": "{}"}
    answer = operator.post(f"{PROFILES}/add/", given)
    assert f"house.{module}.Service" in str(answer.context["adminform"].form.errors["service"])


def test_an_import_that_does_not_end_is_given_up(settings, tmp_path, monkeypatch):
    from voicebot.providers import class_paths

    (tmp_path / "endless.py").write_text("import threading\nthreading.Event().wait()")
    monkeypatch.syspath_prepend(tmp_path)
    settings.PROVIDER_PACKAGES = ["endless"]
    with pytest.raises(registry.ProviderError, match="within"):
        class_paths.imported("endless.Service", limit_secs=0.2)
