"""Settings of a project that is not ours: all that the apps read has a default there, the same as here."""

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import global_settings, settings
from django.core.exceptions import ImproperlyConfigured

from greenroom import project_settings
from greenroom.environment import Environment
from tests.own_site.conftest import PACKAGES, ROOT

KEYS = "k1:" + "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
# What a project of Django's own has anyway, or says itself (docs/embedding-in-django.md).
SAID = {"CONTENT_SECURITY_POLICY"}


def read_by_the_apps() -> set[str]:
    """The X of each `settings.X` in what is installed."""
    found = set()
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            if named and node.value.id == "settings" and node.attr.isupper():
                found.add(node.attr)
    return found


def filled(debug: bool = False, others: dict[str, Any] | None = None, **given: Any) -> SimpleNamespace:
    project = SimpleNamespace(GREENROOM=given, DEBUG=debug, ABSOLUTE_URL_OVERRIDES={}, **(others or {}))
    project_settings.fill(project)
    return project


def test_every_setting_that_the_apps_read_has_a_default(tmp_path):
    project = filled(DATA_DIR=tmp_path, SESSION_KEYS=KEYS)
    missing = {
        name
        for name in read_by_the_apps()
        if not hasattr(project, name) and not hasattr(global_settings, name)
    }
    assert not missing - SAID


def test_the_defaults_are_those_of_the_environment(tmp_path, monkeypatch):
    for name in Environment.model_fields:
        monkeypatch.delenv(name, raising=False)
    env = Environment()
    project = filled(DATA_DIR=tmp_path, SESSION_KEYS=KEYS, PRODUCTION=False)
    for name in project_settings.FIELDS:
        if name not in ("DATA_DIR", "SESSION_KEYS"):
            assert getattr(project, name) == getattr(env, name), name
    for name in (
        "STAGE_FALLBACKS",
        "STAGE_OPTIONS",
        "OTP_TOTP_ISSUER",
        "SHARE_IMAGE_SERIF",
        "SHARE_IMAGE_SANS",
    ):
        assert getattr(project, name) == getattr(settings, name), name


def test_values_are_python_s_own(tmp_path):
    project = filled(
        DATA_DIR=str(tmp_path),
        SESSION_KEYS=KEYS,
        SESSION_TTL=3600,
        ALLOW_ANONYMOUS=False,
        ALLOWED_ORIGINS=["https://partner.example"],
        TTS_PROVIDER="pipecat.services.cartesia.tts.CartesiaTTSService",
        TTS_OPTIONS={"api_key": "secret"},
    )
    assert (project.SESSION_TTL, project.ALLOW_ANONYMOUS) == (3600, False)
    assert project.ALLOWED_ORIGINS == ["https://partner.example"]
    assert project.STAGE_PROVIDERS["tts"].endswith("CartesiaTTSService")
    assert project.STAGE_OPTIONS["tts"] == {"api_key": "secret"}
    assert tmp_path == project.DATA_DIR


def test_a_project_is_in_production_unless_it_debugs(tmp_path):
    assert filled(DATA_DIR=tmp_path, SESSION_KEYS=KEYS).PRODUCTION is True
    debugging = filled(debug=True, DATA_DIR=tmp_path)
    assert (debugging.PRODUCTION, debugging.REQUIRE_TLS) == (False, False)
    assert debugging.SESSION_KEYS == filled(debug=True, DATA_DIR=tmp_path).SESSION_KEYS  # made once


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"SESSION_TTL": "a secret"}, "GREENROOM['SESSION_TTL'] takes a whole number of at least 1."),
        ({"ANSWR_SECS": 3}, "GREENROOM has no ANSWR_SECS."),
        ({"DATABASE_URL": "postgresql://"}, "GREENROOM has no DATABASE_URL."),
        ({"DATA_DIR": ""}, "GREENROOM['DATA_DIR'] takes a folder"),
    ],
)
def test_a_wrong_entry_is_a_sentence_without_its_value(tmp_path, given, words):
    with pytest.raises(ImproperlyConfigured) as refused:
        filled(**{"DATA_DIR": tmp_path, "SESSION_KEYS": KEYS, **given})
    assert words in str(refused.value)
    assert "secret" not in str(refused.value)


def test_what_the_project_says_of_its_own_is_left_alone(tmp_path):
    others = {"PORT": "8000", "SESSION_TTL": 60}
    project = filled(others=others, DATA_DIR=tmp_path, SESSION_KEYS=KEYS)
    assert (project.PORT, project.SESSION_TTL) == ("8000", 60)
    with pytest.raises(ImproperlyConfigured, match="SESSION_TTL differ"):
        filled(others=others, DATA_DIR=tmp_path, SESSION_KEYS=KEYS, SESSION_TTL=30)


def test_our_own_project_is_left_alone():
    project = SimpleNamespace(DEBUG=False)
    project_settings.fill(project)
    assert vars(project) == {"DEBUG": False}


def test_data_has_a_place_of_its_own(tmp_path):
    """Never a folder beside the installed package, which the default of our own project would be."""
    assert Path(filled(DATA_DIR=tmp_path / "data", SESSION_KEYS=KEYS).DATA_DIR) == tmp_path / "data"
