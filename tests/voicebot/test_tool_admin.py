"""Servers of tools and sealed headers in the admin, and what writers pick of them at the desk."""

import sys
from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from sessions_app.exceptions import RecordUnreadable
from tests.characters.factory import make_character
from tests.security.test_provider_secrets import somebody
from tests.voicebot.tools.harbour import PROGRAM, Harbour
from voicebot.models import SealedHeader, ToolServer, origin_of

pytestmark = pytest.mark.django_db
HEADERS, SERVERS = "/admin/voicebot/sealedheader", "/admin/voicebot/toolserver"
FILLED = {
    "name": "gate",
    "address": "https://hook.example",
    "header": "Authorization",
    "value": "Bearer zanzibar",
}


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


@pytest.fixture
def harbour(tmp_path, settings) -> Iterator[Harbour]:
    settings.MCP_ALLOWED_NETWORKS = ["127.0.0.1"]
    made = Harbour("streamable-http", tmp_path)
    async_to_sync(made.begin)()
    yield made
    made.kill_now()


def change(of: str, pk) -> str:
    return f"{of}/{pk}/change/"


def typed(**more: str) -> dict[str, str]:
    return {
        "name": "tide",
        "kind": "mcp",
        "enabled": "on",
        "timeout_secs": "8",
        "on_interruption": "cancel",
        "audience": "everyone",
        "per_turn": "2",
        "per_minute": "5",
        "per_session": "50",
        "arguments-TOTAL_FORMS": "0",
        "arguments-INITIAL_FORMS": "0",
        "option_server_tool": "harbour/tide",
        **more,
    }


def test_a_header_is_sealed_and_never_shown_again(admin_client):
    assert admin_client.post(f"{HEADERS}/add/", FILLED).status_code == 302
    header = SealedHeader.objects.get()
    assert header.value() == "Bearer zanzibar"
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text, encode(sealed_value, 'escape') FROM voicebot_sealedheader t")
        assert "zanzibar" not in str(cursor.fetchall())
    pages = [f"{HEADERS}/", change(HEADERS, header.pk), f"{HEADERS}/{header.pk}/history/"]
    assert "zanzibar" not in "".join(admin_client.get(page).text for page in pages)


def test_a_header_goes_where_it_was_given_for_and_nowhere_else(admin_client):
    admin_client.post(f"{HEADERS}/add/", FILLED)
    header = SealedHeader.objects.get()
    page, kept = change(HEADERS, header.pk), {**FILLED, "value": ""}
    assert admin_client.post(page, {**kept, "name": "door"}).status_code == 302
    for moved in ({"address": "https://elsewhere.example"}, {"header": "X-Gate"}):
        assert "give the value again" in admin_client.post(page, {**kept, **moved}).text
    SealedHeader.objects.update(address="https://elsewhere.example")
    with pytest.raises(RecordUnreadable):
        SealedHeader.objects.get().value()


@pytest.mark.parametrize("header", ["Host", "content-length", "Mcp-Session-Id", "Accept-Encoding", "X Gate"])
def test_no_header_of_ours_is_set(admin_client, header):
    answer = admin_client.post(f"{HEADERS}/add/", {**FILLED, "header": header})
    assert answer.status_code == 200
    assert not SealedHeader.objects.exists()


@pytest.mark.parametrize("value", ["", "a\r\nHost: b", "ü"])
def test_no_value_is_none(admin_client, value):
    assert admin_client.post(f"{HEADERS}/add/", {**FILLED, "value": value}).status_code == 200


def test_keys_are_rotated_for_headers_too(admin_client, settings):
    admin_client.post(f"{HEADERS}/add/", FILLED)
    before = SealedHeader.objects.get().key_id
    settings.SESSION_KEYS = f"fresh:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=,{settings.SESSION_KEYS}"
    call_command("rotate_session_keys")
    after = SealedHeader.objects.get()
    assert (before, after.key_id, after.value()) == (before, "fresh", "Bearer zanzibar")
    assert before != "fresh"


def test_addresses_are_compared_as_origins():
    assert origin_of("https://Hook.example/a?b") == origin_of("https://hook.example:443") != ""
    assert origin_of("https://hook.example") != origin_of("http://hook.example")
    for none in ("hook.example", "ftp://hook.example", "https://user@hook.example", "https://[", ""):
        assert origin_of(none) == ""


def test_a_server_is_asked_when_it_is_saved(admin_client, harbour):
    filled = {"name": "harbour", "transport": "http", "url": harbour.url, "fixed": "{}", "enabled": "on"}
    answer = admin_client.post(f"{SERVERS}/add/", filled, follow=True).text
    assert "It has these tools: berths, crane, flood" in answer
    harbour.kill_now()
    moved = {**filled, "url": harbour.url + "/"}
    answer = admin_client.post(change(SERVERS, ToolServer.objects.get().pk), moved, follow=True).text
    assert "It does not answer" in answer


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": "harbour.example"}, "This is no address"),
        ({"url": "http://harbour.example/mcp"}, "Without TLS"),
        ({"fixed": '{"tide": "metres"}'}, "JSON object of objects"),
        ({"name": "files"}, "MCP_STDIO_SERVERS"),
    ],
)
def test_what_is_no_server_is_said_in_the_form(admin_client, settings, wrong, words):
    settings.MCP_STDIO_SERVERS = {"files": {}}
    filled = {"name": "harbour", "transport": "http", "url": "https://harbour.example/mcp", "fixed": "{}"}
    assert words in admin_client.post(f"{SERVERS}/add/", {**filled, **wrong}).text
    assert not ToolServer.objects.exists()


def test_a_server_gets_no_header_of_another_one(admin_client):
    admin_client.post(f"{HEADERS}/add/", FILLED)
    header = SealedHeader.objects.get()
    filled = {"name": "harbour", "transport": "http", "url": "https://harbour.example/mcp", "fixed": "{}"}
    answer = admin_client.post(f"{SERVERS}/add/", {**filled, "headers": [str(header.pk)]})
    assert "These are for another server: gate." in answer.text


@pytest.mark.django_db(transaction=True)
def test_a_writer_picks_a_tool_of_a_server_tries_it_and_fixes_an_argument(admin_client, harbour):
    ToolServer.objects.create(name="harbour", url=harbour.url, only="tide\ncrane")
    marlow = make_character()
    page = reverse("admin:characters_character_tool", args=[marlow.pk, "new"])
    form = admin_client.get(page).text
    assert "harbour: tide" in form
    assert "harbour: letter" not in form
    tried = admin_client.post(page, typed(_try="1", _given="place: Oslo")).text
    assert "&quot;place&quot;: &quot;Oslo&quot;" in tried
    unknown = admin_client.post(page, typed(option_fixed_arguments="colour: red")).text
    assert "no argument colour to fix" in unknown
    assert admin_client.post(page, typed(option_fixed_arguments="unit: metres")).status_code == 302
    marlow.refresh_from_db()
    (kept,) = marlow.tools
    assert [argument["name"] for argument in kept["arguments"]] == ["place", "days", "tenant"]
    assert kept["options"]["fixed_arguments"] == 'unit: "metres"'
    assert kept["description"] == "When the tide is high at a place."
    harbour.kill_now()
    cache.clear()
    away = admin_client.get(reverse("admin:characters_character_tool", args=[marlow.pk, "tide"]))
    assert '<option value="harbour/tide" selected>' in away.text, "what is there stays"
    pk = ToolServer.objects.get().pk
    assert admin_client.post(f"{SERVERS}/{pk}/delete/", {"post": "yes"}).status_code == 403


def test_without_servers_writers_are_offered_none(admin_client, settings):
    page = reverse("admin:characters_character_tool", args=[make_character().pk, "new"])
    assert "server_tool" not in admin_client.get(page).text
    settings.MCP_STDIO_SERVERS = {
        "files": {
            "command": sys.executable,
            "args": [str(PROGRAM), "stdio"],
            "env": {},
            "only": [],
            "fixed": {},
        }
    }
    assert "files: tide" in admin_client.get(page).text


def test_editors_see_which_there_are_and_operators_change_them(db):
    for role, adds in (("Editor", 403), ("Operator", 200), ("Moderator", 403)):
        client = somebody(role)
        assert client.get(f"{HEADERS}/add/").status_code == adds
        assert client.get(f"{SERVERS}/add/").status_code == adds
        assert client.get(f"{SERVERS}/").status_code == (403 if role == "Moderator" else 200)
