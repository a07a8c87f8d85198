"""Who gets what: every route of the URL configuration by every role, against the table in access.txt.

A route without a row fails, and so does an answer that is not the row's. What was found is written beside the
test's other files, to be read, and put in place of the table where it is right.
"""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLPattern, get_resolver

from characters.models import Character, Lorebook
from sessions_app.identity import api_keys
from sessions_app.memories import Bounds, Finding, SyncMemories
from sessions_app.models import SealedMemory, VisitorMemory, VoiceSession
from tests.characters.factory import make_character
from voicebot import runtime
from voicebot.extensions import CLIENT_MESSAGES
from voicebot.pipeline.rtvi import ACCEPTED

TABLE = Path(__file__).parent / "access.txt"
ROLES = ["stranger", "other", "owner", "key", "account", "editor", "moderator", "operator", "superuser"]
GROUPS = ("editor", "moderator", "operator")
# What a visitor may ask over the socket of their own session; nobody else has a token for it.
OVER_THE_SOCKET = {
    "session.get",
    "session.metadata",
    "session.history",
    "session.end",
    "character.switch",
    "character.interrupt",
    "ping",
    "audio.rate",
    "memory.list",
    "memory.forget",
    "tool.answer",
    "tool.result",
}
FILLED = {
    r"(?<=memories/)<uuid:\w+>": "{memory}",
    r"(?<=voicesession/)<path:object_id>|<uuid:\w+>": "{session}",
    r"(?<=character/)<path:object_id>|<int:pk>": "{character}",
    r"<slug:\w+>": "marlow",
    r"<int:\w+>": "1",
    r"<path:\w+>|<id>": "0",
    r"\(\?P<name>[^)]*\)": "nobody.webp",
    r"\(\?P<app_label>[^)]*\)": "voicebot",
    r"\(\?P<url>[^)]*\)": "nothing/here",
    r"[\^$]": "",
    r"\\": "",
}
LOGINS = ("admin/login/", "admin/logout/")
MORE = {  # methods beside GET
    "api/start": ["POST"],
    "api/events/<uuid:event_id>/again": ["POST"],
    "api/sessions": ["DELETE"],
    "api/sessions/<uuid:session_id>": ["PATCH", "DELETE"],
    "api/sessions/<uuid:session_id>/api/offer": ["POST", "PATCH"],
    "api/memories": ["DELETE"],
    "api/memories/consent": ["PUT"],
    "api/memories/<uuid:memory_id>": ["PATCH", "DELETE"],
}


def routes() -> list[str]:
    def walk(resolver, before="") -> Iterator[str]:
        for pattern in resolver.url_patterns:
            route = before + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                yield route
            else:
                yield from walk(pattern, route)

    return list(dict.fromkeys(walk(get_resolver())))


def requests() -> list[tuple[str, str]]:
    """Method and route. Posts to the desk come last: they may change what the others ask for."""
    asked = [("GET", route) for route in routes()]
    asked += [(method, route) for route, methods in MORE.items() for method in methods]
    desk = [route for route in routes() if route.startswith("admin/") and route not in LOGINS]
    return asked + [("POST", route) for route in sorted(desk, key=lambda route: "withdraw" in route)]


@pytest.fixture
def people():
    """A client of each role; the owner's has a session, whose id this gives, too."""
    import_module("voicebot.migrations.0002_roles").make_roles(apps, None)
    import_module("voicebot.migrations.0003_operators_keep_api_keys").let_operators(apps, None)
    import_module("voicebot.migrations.0008_operators_set_up_tool_servers").let_operators(apps, None)
    import_module("voicebot.migrations.0010_who_sees_uses_of_tools").let_them_see(apps, None)
    # An entry that is there, and a shared book of the character's number: routes are filled with these.
    marlow = make_character(lore=[{"name": "Quay", "keys": ["quay"], "content": "It is wet."}])
    marlow.lore.update(id=1)
    Lorebook.objects.create(pk=marlow.pk, name="Harbour")
    clients = {role: Client() for role in ROLES}
    for role in ROLES[4:]:
        user = User.objects.create_user(role, is_staff=role != "account", is_superuser=role == "superuser")
        if role in GROUPS:
            user.groups.add(Group.objects.get(name=role.capitalize()))
        clients[role].force_login(user)
    clients["key"].defaults["HTTP_AUTHORIZATION"] = f"Bearer {api_keys.issue('partner', [])[1]}"
    begin(clients["other"])
    return clients


def begin(client: Client):
    body = json.dumps({"body": {"character": "marlow"}})
    return client.post("/api/start", body, content_type="application/json")


def learn(visitor: str) -> None:
    """What Marlow knows of one visitor, and of nobody else."""
    VisitorMemory.objects.all().delete()
    SyncMemories().set_consent(visitor, "marlow", True)
    SyncMemories().add(visitor, "marlow", [Finding("has a dog", "life")], Bounds())


def ask(client: Client, method: str, route: str, session: str) -> int:
    path = route
    for pattern, value in FILLED.items():
        path = re.sub(pattern, value, path)
    memory = str(SealedMemory.objects.values_list("pk", flat=True).first())
    known = {
        "{session}": session,
        "{memory}": memory,
        "{character}": str(Character.objects.get(slug="marlow").pk),
    }
    for name, value in known.items():
        path = path.replace(name, value)
    if method == "GET":
        return client.get(f"/{path}").status_code
    if route.startswith("admin/"):
        return client.post(f"/{path}", {}).status_code
    call = {"sdp": "x", "type": "offer", "pc_id": "x", "candidates": []}
    body = {
        **call,
        "title": "x",
        "text": "x",
        "character": "marlow",
        "agreed": True,
        "body": {"session": session},
    }
    return client.generic(method, f"/{path}", json.dumps(body), "application/json").status_code


@pytest.mark.django_db(transaction=True)
@pytest.mark.long
def test_every_route_answers_every_role_as_the_table_says(people, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(runtime.default(), "models_loaded", True)
    settings.STARTS_PER_VISITOR = settings.STARTS_PER_ADDRESS = settings.READS_PER_MINUTE = 100_000
    width = max(len(route) for route in routes()) + 1
    found = [f"{'':7} {'':{width}} {' '.join(f'{role:9}' for role in ROLES)}".rstrip()]
    for method, route in requests():
        VoiceSession.objects.all().delete()
        begin(people["owner"])
        session = str(VoiceSession.objects.get().pk)
        learn(VoiceSession.objects.get().visitor)
        # The owner may erase it: last.
        order = [role for role in ROLES if role != "owner"] + ["owner"]
        codes = {role: ask(people[role], method, route, session) for role in order}
        row = " ".join(f"{codes[role]:<9}" for role in ROLES)
        found.append(f"{method:7} {route or '(root)':{width}} {row}".rstrip())
    (tmp_path / "access.txt").write_text("\n".join(found) + "\n")
    assert found == TABLE.read_text().splitlines(), f"see {tmp_path / 'access.txt'}"


def test_every_message_of_the_socket_is_in_the_table():
    assert set(CLIENT_MESSAGES) == OVER_THE_SOCKET
    assert {"client-ready", "client-message", "send-text", "disconnect-bot"} == ACCEPTED


@pytest.mark.django_db(transaction=True)
def test_nothing_is_posted_to_the_desk_without_a_csrf_token(admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    make_character()
    for method, route in requests():
        if method == "POST" and route.startswith("admin/"):
            assert ask(client, method, route, "00000000-0000-4000-8000-000000000000") == 403, route
