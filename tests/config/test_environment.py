"""The environment, typed: what a variable may be, what holds without it, one sentence where it is wrong."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from greenroom.environment import Environment, read
from tests.servers import ROOT


@pytest.fixture(autouse=True)
def _bare(monkeypatch):
    for name in Environment.model_fields:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "0", "PORT takes a whole number from 1 to 65535."),
        ("PORT", "eighty", "PORT takes a whole number from 1 to 65535."),
        ("PORT", "", "PORT takes a whole number from 1 to 65535."),
        ("SESSION_TTL", "-1", "SESSION_TTL takes a whole number of at least 1."),
        ("MAX_LOAD", "0", "MAX_LOAD takes a number above 0."),
        ("MAX_LOAD", "nan", "MAX_LOAD takes a number above 0."),
        ("DEBUG", "maybe", "DEBUG takes 1, true, yes or on, or 0, false, no or off."),
        ("LOG_FORMAT", "xml", "LOG_FORMAT takes line or json."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL takes DEBUG or INFO or WARNING or ERROR or CRITICAL."),
        ("STT_OPTIONS", "[1]", "STT_OPTIONS takes a JSON object."),
        ("REDIS_OPTIONS", "{", "REDIS_OPTIONS takes a JSON object, or nothing."),
        (
            "SESSION_STORE",
            "a store",
            "SESSION_STORE takes memory, cache, db, cached_db, a name that an app adds, or a dotted path.",
        ),
        (
            "ALLOWED_ORIGINS",
            "https://partner.example/path",
            "ALLOWED_ORIGINS takes origins with commas between them, such as https://partner.example, as "
            "browsers write them.",
        ),
        (
            "TRUSTED_PROXIES",
            "10.0.0.0/8,proxy",
            "TRUSTED_PROXIES takes addresses and networks with commas between them, such as "
            "10.0.0.0/8,192.0.2.7.",
        ),
    ],
)
def test_a_wrong_value_is_one_sentence_that_says_what_is_right(monkeypatch, name, value, sentence):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refused:
        read()
    assert str(refused.value) == sentence


def test_of_two_wrong_values_each_has_its_sentence_and_what_depends_on_them_none(monkeypatch):
    monkeypatch.setenv("MAX_SESSIONS_PER_WORKER", "many")
    monkeypatch.setenv("CONFIRM_SECS", "soon")
    with pytest.raises(ImproperlyConfigured) as refused:
        read()
    assert str(refused.value) == (
        "MAX_SESSIONS_PER_WORKER takes a whole number of at least 0. "
        "CONFIRM_SECS takes a whole number of at least 0."
    )


def test_the_start_ends_with_that_sentence_and_quotes_no_value():
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**os.environ, "STT_OPTIONS": '{"api_key": "hush"'},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "STT_OPTIONS takes a JSON object.\n"


@pytest.mark.parametrize(
    ("value", "means"),
    [("1", True), ("TRUE", True), ("yes", True), ("on", True), ("0", False), ("off", False), ("", False)],
)
def test_true_and_false_have_several_names(monkeypatch, value, means):
    monkeypatch.setenv("REDIS_CLUSTER", value)
    assert read().REDIS_CLUSTER is means


def test_lists_have_commas_and_an_empty_one_is_empty(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example,b.example")
    monkeypatch.setenv("TRUSTED_PROXIES", "")
    assert (read().ALLOWED_HOSTS, read().TRUSTED_PROXIES) == (["a.example", "b.example"], [])


def test_a_value_is_taken_as_it_is(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "$PATH {x} #")
    assert read().SECRET_KEY == "$PATH {x} #"


def test_defaults_that_depend_on_other_variables(monkeypatch):
    assert (read().SESSION_STORE, read().CONNECTIONS_PER_ADDRESS) == ("db", 48)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379/0")
    monkeypatch.setenv("MAX_SESSIONS_PER_WORKER", "1")
    monkeypatch.setenv("PRODUCTION", "1")
    monkeypatch.setenv("OPENAI_API_KEY", "common")
    monkeypatch.setenv("OPENAI_TTS_API_KEY", "own")
    env = read()
    assert (env.SESSION_STORE, env.CHANNEL_REDIS_URL) == ("cached_db", env.REDIS_URL)
    assert (env.CONNECTIONS_PER_ADDRESS, env.SECOND_FACTOR_REQUIRED) == (1, True)
    assert {stage: given["api_key"] for stage, given in env.openai.items()} == {
        "stt": "common",
        "llm": "common",
        "tts": "own",
    }
