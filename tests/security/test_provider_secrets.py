"""A provider's secrets go to the address they were given for, and nobody reads them (M9, L8)."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from sessions_app.exceptions import RecordUnreadable
from tests.characters.test_prompts import SHEET
from voicebot import service_options as options
from voicebot.models import ProviderProfile
from voicebot.providers import registry
from voicebot.providers.capabilities import ProviderCatalog

pytestmark = pytest.mark.django_db
PROFILES = "/admin/voicebot/providerprofile"
KEY = "sk-zanzibarquince-1234567890"
HIDDEN = {"default_headers": {"X-Gate": "zanzibarquince-gate"}}
LLM = "pipecat.services.openai.llm.OpenAILLMService"
HOME = "http://127.0.0.1:1/v1"
FILLED = {
    "name": "clever",
    "stage": "llm",
    "service": LLM,
    "options": json.dumps({"base_url": HOME, "settings": {"model": "big"}}),
    "context_tokens": "9000",
    "api_key": KEY,
    "secret_options": json.dumps(HIDDEN),
}


def somebody(role: str) -> Client:
    user = User.objects.create_user(role.lower(), password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def operator() -> Client:
    return somebody("Operator")


@pytest.fixture
def clever(operator) -> ProviderProfile:
    answer = operator.post(f"{PROFILES}/add/", FILLED)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    return ProviderProfile.objects.get()


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """An address of the attacker's, and what came there."""
    heard: list[str] = []

    class Note(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(str(self.headers))
            self.send_error(500)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Note)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1", heard
    server.shutdown()
    server.server_close()


def ask(name: str) -> None:
    """A turn's call to the model, as the service would make it."""
    service = registry.factory("llm", name)(SHEET)

    async def call() -> None:
        with suppress(Exception):  # nobody but the listener answers
            await service._client.with_options(max_retries=0).chat.completions.create(
                model="m", messages=[{"role": "user", "content": "hello"}]
            )

    async_to_sync(call)()


def change(client: Client, profile: ProviderProfile, **fields: str):
    kept = {**FILLED, "api_key": "", "secret_options": ""}
    return client.post(f"{PROFILES}/{profile.pk}/change/", {**kept, **fields})


def test_a_key_does_not_follow_a_new_address(clever, operator, listener):
    url, heard = listener
    answer = change(operator, clever, options=json.dumps({"base_url": url}))
    assert "again" in str(answer.context["adminform"].form.errors["api_key"])
    ask("clever")
    # Not even for somebody who writes to the table past the form.
    ProviderProfile.objects.update(options={"base_url": url})
    with pytest.raises(registry.ProviderError, match="give them again"):
        ask("clever")
    assert "again" in ProviderCatalog().problems(replace(SHEET, llm_provider="clever"))["llm_provider"]
    assert "zanzibarquince" not in "".join(heard)
    # Given again, it is used: the listener does listen.
    change(operator, clever, options=json.dumps({"base_url": url}), api_key=KEY, forget_secrets="on")
    ask("clever")
    assert KEY in "".join(heard)


@pytest.mark.parametrize(
    "fields",
    [
        {"service": "pipecat.services.groq.llm.GroqLLMService"},
        {"options": json.dumps({"base_url": "http://127.0.0.1:2/v1"})},
        {"options": "{}"},
        {"options": json.dumps({"base_url": HOME, "organization": "evil"})},
        {"options": json.dumps({"base_url": HOME, "settings": {"extra": {"extra_body": {"u": "x"}}}})},
        {"secret_options": json.dumps({"base_url": "http://me:pw@127.0.0.1:2/v1"})},
    ],
)
def test_what_may_say_where_it_goes_asks_for_the_key_again(clever, operator, fields):
    answer = change(operator, clever, **fields)
    assert answer.status_code == 200
    assert "again" in str(answer.context["adminform"].form.errors["api_key"])
    kept = ProviderProfile.objects.get()
    assert (kept.api_key(), kept.options["base_url"], kept.service) == (KEY, HOME, LLM)


def test_another_model_or_name_asks_for_nothing(clever, operator):
    tuned = json.dumps({"base_url": HOME, "settings": {"model": "bigger", "temperature": 1.0}})
    assert change(operator, clever, options=tuned, context_tokens="70", name="cleverer").status_code == 302
    kept = ProviderProfile.objects.get()
    assert (kept.api_key(), kept.secret_options()) == (KEY, HIDDEN)
    assert (
        change(operator, clever, options=tuned, name="cleverer", api_key="sk-new-1234567890").status_code
        == 302
    )
    kept = ProviderProfile.objects.get()
    assert (kept.api_key(), kept.secret_options()) == ("sk-new-1234567890", HIDDEN)


def test_secret_options_are_sealed_used_and_never_shown(clever, operator):
    service = registry.factory("llm", "clever")(SHEET)
    assert service._client.default_headers["X-Gate"] == "zanzibarquince-gate"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t::text, encode(sealed_api_key, 'escape'), encode(sealed_options, 'escape') "
            "FROM voicebot_providerprofile t"
        )
        assert "zanzibarquince" not in str(cursor.fetchall())
    answer = change(operator, clever, secret_options=json.dumps(HIDDEN), options="[broken")
    seen = [answer, operator.get(f"{PROFILES}/{clever.pk}/change/"), operator.get(f"{PROFILES}/")]
    seen.append(operator.get(f"{PROFILES}/{clever.pk}/history/"))
    assert "zanzibarquince" not in "".join(page.content.decode() for page in seen)
    assert "zanzibarquince" not in str(list(LogEntry.objects.values()))


@pytest.mark.parametrize(
    "given",
    [
        {"api_key": "x"},
        {"apiKey": "x"},
        {"default_headers": {"Authorization": "Bearer x"}},
        {"extra_headers": {"a": "b"}},
        {"aws_secret_access_key": "x"},
        {"aws_session_token": "x"},
        {"aws_access_key_id": "x"},
        {"access_token": "x"},
        {"accesstoken": "x"},
        {"client_secret": "x"},
        {"credentials": "{}"},
        {"password": "x"},
        {"settings": {"extra": {"headers": {"a": "b"}}}},
        {"params": [{"token": "x"}]},
        {"hint": "Bearer abcdef"},
        {"hint": "sk-abcdefgh1234"},
        {"base_url": "https://me:pw@somewhere.example/v1"},
        {"base_url": "https://somewhere.example/v1?api-key=x"},
        {"base_url": "http://[broken"},
    ],
)
def test_a_secret_is_refused_where_others_read_it(operator, given):
    answer = operator.post(f"{PROFILES}/add/", {**FILLED, "options": json.dumps(given)})
    assert "secret options" in str(answer.context["adminform"].form.errors["options"])
    assert not ProviderProfile.objects.exists()


@pytest.mark.parametrize(
    "given",
    [
        {"base_url": "https://somewhere.example/v1?api-version=3", "settings": {"max_tokens": 30}},
        {"aws_region": "eu-central-1", "keyterms": ["a"], "sample_rate": 16000, "voice": "basic"},
        {"settings": {"max_completion_tokens": 3, "extra": {"top_k": 4}}, "tokenizer": "x"},
    ],
)
def test_what_is_no_secret_stays_readable(given):
    assert options.split(given) == (given, {})


def test_secret_and_plain_come_together_again():
    whole = {"a": {"token": "t", "b": 1, "c": {"password": "p"}}, "url": "u", "l": [{"key": "k"}], "e": {}}
    plain, secret = options.split(whole)
    assert "t" not in json.dumps(list(options.texts(plain)))
    assert options.merged(plain, secret) == whole


def test_editors_do_not_read_options_at_all(clever):
    editor = somebody("Editor")
    page = editor.get(f"{PROFILES}/{clever.pk}/change/")
    assert page.status_code == 200
    assert "127.0.0.1:1" not in page.content.decode()
    # Nor do they find them out letter by letter.
    for lookup in ("options__icontains", "options__base_url__startswith", "options__regex"):
        assert editor.get(f"{PROFILES}/", {lookup: "http"}).status_code == 400


@pytest.mark.parametrize("field", ["options", "secret_options"])
@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": 1e999}', "[]x", "[1]", '"a"', '{"settings": "a"}'])
def test_what_is_no_object_is_a_sentence(operator, field, text):
    answer = operator.post(f"{PROFILES}/add/", {**FILLED, field: text})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    odd = {**FILLED, "name": "odd", field: json.dumps({"organization": "a\ud800\0b"})}
    assert operator.post(f"{PROFILES}/add/", odd).status_code == 302


def test_what_an_error_quotes_is_no_secret(operator):
    hidden = json.dumps({"base_url": "http://127.0.0.1:zanzibarquince/v1"})  # whose port alone is quoted
    bad = operator.post(f"{PROFILES}/add/", {**FILLED, "secret_options": hidden})
    assert "could not be made" in str(bad.context["adminform"].form.errors["service"])
    assert "zanzibarquince" not in bad.content.decode()


def test_a_lost_key_is_a_sentence_and_no_error_page(clever, operator, settings):
    settings.SESSION_KEYS = "other:" + base64.b64encode(bytes(range(7, 39))).decode()
    spec = replace(SHEET, llm_provider="clever")
    assert "give them again" in ProviderCatalog().problems(spec)["llm_provider"]
    with pytest.raises(registry.ProviderError, match="give them again"):
        registry.factories(replace(spec, stt_provider="scripted", tts_provider="scripted"))
    assert "again" in str(change(operator, clever).context["adminform"].form.errors["api_key"])
    again = change(operator, clever, api_key=KEY, forget_secrets="on")
    assert again.status_code == 302
    assert ProviderProfile.objects.get().api_key() == KEY


def test_rotation_counts_what_it_cannot_open_and_goes_on(clever, operator, settings, capsys):
    """The lost one comes first and last: those between are rewrapped all the same."""
    old = settings.SESSION_KEYS
    lost = "lost:" + base64.b64encode(bytes(range(40, 72))).decode()
    fresh = "new:" + base64.b64encode(bytes(range(7, 39))).decode()
    settings.SESSION_KEYS = lost
    for name in ("aaa", "zzz"):
        assert operator.post(f"{PROFILES}/add/", {**FILLED, "name": name}).status_code == 302
    settings.SESSION_KEYS = f"{fresh},{old}"
    with pytest.raises(CommandError, match="2 provider profiles"):
        call_command("rotate_session_keys")
    assert "Rewrapped 0 sessions" in capsys.readouterr().out
    settings.SESSION_KEYS = fresh
    kept = ProviderProfile.objects.get(name="clever")
    assert (kept.api_key(), kept.secret_options()) == (KEY, HIDDEN)


def test_the_migration_seals_what_stands_there_in_the_clear(settings):
    from sessions_app.crypto.keyring import key_ring
    from sessions_app.crypto.sealer import Sealer

    row = ProviderProfile.objects.create(
        name="old",
        stage="llm",
        service=LLM,
        options={"base_url": HOME, "settings": {"model": "big"}, **HIDDEN},
    )
    data_key, wrapped = key_ring().new_data_key(row.id)  # as earlier releases kept a key
    ProviderProfile.objects.update(
        key_id=wrapped.key_id,
        wrapped_key=wrapped.data,
        sealed_api_key=Sealer(data_key, row.id).seal("provider_profile", "api_key", 0, KEY),
    )
    ProviderProfile.objects.create(name="bare", stage="llm", service=LLM, options={"api_key": KEY})
    ProviderProfile.objects.create(name="none", stage="llm", service=LLM, options={"base_url": HOME})
    import_module("voicebot.migrations.0004_sealed_options").seal_what_is_open(apps, None)
    kept = ProviderProfile.objects.get(name="old")
    assert kept.options == {"base_url": HOME, "settings": {"model": "big"}}
    assert (kept.api_key(), kept.secret_options()) == (KEY, HIDDEN)
    kept.options = {"base_url": "http://127.0.0.1:2"}
    with pytest.raises(RecordUnreadable):
        kept.api_key()  # bound to its address by now
    bare = ProviderProfile.objects.get(name="bare")
    assert (bare.options, bare.secret_options()) == ({}, {"api_key": KEY})
    assert not ProviderProfile.objects.get(name="none").has_secrets
