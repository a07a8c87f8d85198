"""A typed Python client, generated from what a running server says of itself, talks with that server."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ISSUE = """
from sessions_app.identity import Scope, api_keys
print("KEY", api_keys.issue("program", [], [Scope(scope) for scope in {scopes!r}])[1])
"""
WHO = """
from sessions_app.models import VoiceSession
print("VISITOR", VoiceSession.objects.get(pk={session!r}).visitor)
"""


@pytest.fixture(scope="module")
def generated(server, tmp_path_factory) -> Iterator[Any]:
    """A function that imports a module of the client."""
    place: Path = tmp_path_factory.mktemp("typed")
    described = place / "openapi.json"
    described.write_bytes(server.request("/api/").body)
    command = [
        "generate",
        "--path",
        str(described),
        "--output-path",
        str(place / "greenroom_api"),
        "--meta",
        "none",
    ]
    tools = Path(sys.executable).parent  # where it looks for ruff, too
    made = subprocess.run(
        [tools / "openapi-python-client", *command, "--fail-on-warning"],
        cwd=place,
        env={**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(place))
    yield lambda name: importlib.import_module(f"greenroom_api.{name}")
    sys.path.remove(str(place))


def key_for(server, *scopes: str) -> str:
    return server.command("shell", "-c", ISSUE.format(scopes=list(scopes))).split("KEY ")[1].split()[0]


def test_a_program_begins_reads_and_erases_a_conversation_by_its_key(server, generated):
    models, api = generated("models"), lambda name: generated(f"api.default.{name}")
    client = generated("client").AuthenticatedClient(
        server.url, key_for(server, "sessions:start", "sessions:read", "sessions:write", "events")
    )
    begun = api("start").sync(
        client=client, body=models.Start(body=models.Beginning(character="captain-marlow"))
    )
    assert begun.token
    session = begun.ws_url.rstrip("/").rpartition("/")[2]
    visitor = server.command("shell", "-c", WHO.format(session=session)).split("VISITOR ")[1].split()[0]
    page = api("list_sessions").sync(client=client, visitor=visitor)
    assert [str(one.id) for one in page.sessions] == [session]
    whole = api("read_session").sync(session, client=client)
    assert whole.character == "captain-marlow"
    named = api("change_session").sync(session, client=client, body=models.Naming(title="Harbour"))
    assert named.title == "Harbour"
    assert api("list_events").sync(client=client).events == []
    receipt = api("erase_session").sync(session, client=client)
    assert receipt.erased.sessions == 1
    gone = api("read_session").sync_detailed(session, client=client)
    assert gone.status_code == 404
    assert isinstance(gone.parsed, models.Error)


def test_a_key_without_the_scope_is_told_so_in_the_clients_own_types(server, generated):
    client = generated("client").AuthenticatedClient(server.url, key_for(server, "sessions:start"))
    refused = generated("api.default.list_events").sync_detailed(client=client)
    assert (refused.status_code, refused.parsed.error.code) == (403, "scope_missing")
