"""The admin in Chinese: every page of every role, and no word of English on it that is not a name.

The pages are those of the URL configuration, so that one which is added is read here, too. What editors have
written is in Chinese in these tests: what is English is ours.
"""

import json
import re
from collections.abc import Iterator
from importlib import import_module

import pytest
from babel.messages.pofile import read_po
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from characters import content
from characters.models import LoreEntry
from characters.versions import bin, publishing
from sessions_app.identity import api_keys
from sessions_app.manager import SyncSessionManager
from sessions_app.models import ApiKey, EventEndpoint, ToolUse
from sessions_app.outbox import note_test
from sessions_app.session import Turn
from staff.models import Authenticator, Passkey
from tests.characters.factory import make_character, make_lorebook
from tests.servers import ROOT
from tests.shown_words import english_in, words_of
from voicebot.models import ProviderProfile, SealedHeader, ToolServer

pytestmark = pytest.mark.django_db
ROLES = {"Editor": "编辑", "Moderator": "主持", "Operator": "运维", "": "站长"}
PART = re.compile(r"<(?:\w+:)?(\w+)>")
SKIPPED = ("admin/logout/", "admin/jsi18n/", "export", "admin/r/")


def routes() -> list[str]:
    """The routes of the admin."""

    def walk(resolver, before="") -> Iterator[str]:
        for pattern in resolver.url_patterns:
            route = before + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                yield route
            else:
                yield from walk(pattern, route)

    return [route for route in dict.fromkeys(walk(get_resolver())) if route.startswith("admin/")]


@pytest.fixture
def house() -> dict[str, dict[str, object]]:
    """One of everything, in Chinese: what each model's pages are asked for."""
    import_module("voicebot.migrations.0002_roles").make_roles(apps, None)
    import_module("voicebot.migrations.0003_operators_keep_api_keys").let_operators(apps, None)
    import_module("voicebot.migrations.0008_operators_set_up_tool_servers").let_operators(apps, None)
    import_module("voicebot.migrations.0010_who_sees_uses_of_tools").let_them_see(apps, None)
    captain = make_character(
        slug="10086",
        name="马洛船长",
        system_prompt="你是{{char}}。",
        greeting="你好，{{user}}。",
        tagline="老水手",
        tags=["海"],
        language="zh",
        lore=[{"name": "海怪", "keys": ["海怪"], "content": "你见过海怪。"}],
    )
    captain.greeting = "又见面了。"
    captain.save()
    content.note_draft(captain)
    publishing.publish(captain, note="第二版")
    make_character(slug="10010", name="新角色", published=False)
    binned = make_character(slug="10000", name="旧角色", published=False)
    bin.put(binned)
    book = make_lorebook(name="港口", entries=[{"name": "灯塔", "keys": ["灯塔"], "content": "灯塔很旧。"}])
    manager = SyncSessionManager()
    made = manager.create(character="10086", visitor="anon:0")
    manager.append(made.id, [Turn(1, "user", "你好", True, timezone.now())])
    api_keys.issue("伙伴", ["https://partner.example"])
    listener = EventEndpoint.objects.create(name="港务", url="https://10.example/")
    boss = User.objects.create_superuser("站长")
    ProviderProfile.objects.create(
        name="10011", stage="llm", service="pipecat.services.openai.llm.OpenAILLMService"
    )
    ToolServer.objects.create(name="10012", url="https://10012.example/mcp", enabled=False)
    header = SealedHeader(name="10013", address="https://10012.example")
    header.seal("10014")
    header.save()
    ToolUse.objects.create(
        session_id=made.id,
        character="10086",
        tool="10015",
        kind="10016",
        outcome="ok",
        at=timezone.now(),
        took_ms=7,
    )
    Authenticator.objects.create(user=boss, name="手机")
    Passkey.objects.create(
        user=boss, name="电脑", rp_id="localhost", credential_id=b"1", public_key=b"1", confirmed=True
    )
    return {
        "characters/character": {"": captain.pk, "number": 1, "entry": LoreEntry.objects.first().pk},
        "characters/lorebook": {"": book.pk, "entry": LoreEntry.objects.last().pk},
        "sessions_app/voicesession": {"": made.id},
        "sessions_app/apikey": {"": ApiKey.objects.get().pk},
        "sessions_app/eventendpoint": {"": listener.pk},
        "sessions_app/outboxevent": {"": note_test(listener, timezone.now()).pk},
        "auth/user": {"": boss.pk},
        "auth/group": {"": Group.objects.get(name="Editor").pk},
        "voicebot/providerprofile": {"": ProviderProfile.objects.get().pk, "pk": captain.pk},
        "sessions_app/tooluse": {"": ToolUse.objects.get().pk},
        "voicebot/toolserver": {"": ToolServer.objects.get().pk},
        "voicebot/sealedheader": {"": SealedHeader.objects.get().pk},
        "staff/authenticator": {"": Authenticator.objects.get().pk},
        "staff/passkey": {"": Passkey.objects.get().pk},
    }


def person(role: str) -> Client:
    """Somebody of a role, who reads Chinese."""
    user = User.objects.filter(username=ROLES[role]).first()
    if user is None:
        user = User.objects.create_user(ROLES[role], is_staff=True)
        user.groups.add(Group.objects.get(name=role))
    client = Client(headers={"accept-language": "zh-CN"}, raise_request_exception=False)
    client.force_login(user)
    session = client.session
    session["confirmed_at"] = timezone.now().timestamp()
    session.save()
    return client


def address(route: str, house: dict[str, dict[str, object]]) -> str:
    """A route with the objects of its model in it, or with nobody's number."""
    model = "/".join(route.split("/")[1:3])
    known = house.get(model, {})

    def filled(part: re.Match[str]) -> str:
        return str(known.get(part.group(1), known.get("", "1") if part.start() < 60 else "1"))

    path = PART.sub(filled, route)
    return "/" + re.sub(r"\(\?P<\w+>[^)]*\)|[\^$\\]", "voicebot", path) if "(?P" in path else "/" + path


def said_in_english(
    client: Client, method: str, path: str, data: dict[str, object] | None = None
) -> list[str]:
    answer = client.get(path, follow=True) if method == "GET" else client.post(path, data or {}, follow=True)
    if not answer["Content-Type"].startswith("text/html"):
        return []
    return [f"{method} {path}: {text}" for text in english_in(words_of(answer.content.decode()))]


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_the_admin_is_in_chinese(role, house):
    client, found = person(role), []
    for route in routes():
        if not any(part in route for part in SKIPPED):
            found += said_in_english(client, "GET", address(route, house))
    assert not found, "\n".join(found)


def test_the_words_of_the_desks_scripts_come_with_the_page(admin_client):
    admin_client.cookies["django_language"] = "zh-hans"
    served = admin_client.get("/admin/jsi18n/").content.decode()
    with (ROOT / "characters/locale/zh_Hans/LC_MESSAGES/djangojs.po").open("rb") as file:
        words = [message.string for message in read_po(file) if message.id]
    assert len(words) > 40
    assert not [said for said in words if json.dumps(said) not in served]
