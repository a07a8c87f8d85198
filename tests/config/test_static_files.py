"""Static files as browsers get them: named by their contents, compressed, kept for a year; and pages."""

import gzip
import json
import re
from pathlib import Path

import brotli
import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from greenroom.http import static_files

HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")
SOURCES = Path("voicebot/static/voicebot")


def test_what_a_page_names_carries_a_hash_and_is_kept_for_a_year(server):
    page = server.request("/talk/captain-marlow/").body.decode()
    named = re.findall(r'"(/static/[^"]+)"', page)
    assert len(named) >= 5
    style = next(name for name in named if name.endswith(".css"))
    fonts = re.findall(r'url\("(fonts/[^"]+)"\)', server.request(style).body.decode())
    assert len(fonts) == 2
    for path in (*named, *(f"/static/voicebot/{font}" for font in fonts)):
        assert HASHED.search(path), path
        answer = server.request(path)
        assert answer.status == 200, path
        assert answer.headers["Cache-Control"] == "max-age=31536000, public, immutable"


def test_what_visitors_load_comes_as_brotli_or_gzip_or_as_it_is(server):
    path = staticfiles_storage.url("voicebot/greenroom.css")
    plain = server.request(path)
    small = server.request(path, Accept_Encoding="gzip")
    smaller = server.request(path, Accept_Encoding="gzip, deflate, br")
    assert gzip.decompress(small.body) == brotli.decompress(smaller.body) == plain.body
    assert len(smaller.body) < len(small.body) < len(plain.body) / 3
    assert small.headers["Content-Encoding"] == "gzip"
    assert smaller.headers["Content-Encoding"] == "br"
    assert {a.headers["Vary"] for a in (plain, small, smaller)} == {"Accept-Encoding"}
    font = server.request(staticfiles_storage.url("voicebot/fonts/inter.woff2"), Accept_Encoding="gzip, br")
    assert font.headers["Content-Encoding"] is None, "which is compressed in itself"


def test_a_part_of_a_file_can_be_asked_for(server):
    path = staticfiles_storage.url("voicebot/fonts/inter.woff2")
    part = server.request(path, Range="bytes=4-11")
    assert (part.status, len(part.body)) == (206, 8)
    assert part.body == (SOURCES / "fonts" / "inter.woff2").read_bytes()[4:12]
    again = server.request(path, If_None_Match=part.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


def test_a_stable_name_is_not_kept_and_the_hash_of_another_version_gets_what_there_is(server):
    assert server.request("/static/voicebot/embed.js").headers["Cache-Control"] == "max-age=60, public"
    other = server.request("/static/voicebot/stage.0123456789ab.js")
    assert other.status == 200
    assert other.headers["Cache-Control"] == "no-cache"
    assert server.request("/static/voicebot/nothing.0123456789ab.js").status == 404


@pytest.mark.django_db
def test_pages_of_visitors_are_compressed_and_those_with_other_peoples_words_are_not(client: Client):
    for path, compressed in (("/", True), ("/nowhere/", True), ("/admin/login/", False), ("/api/x", False)):
        answer = client.get(path, headers={"accept-encoding": "gzip"})
        assert answer.headers.get("Content-Encoding") == ("gzip" if compressed else None), path
        assert ("accept-encoding" in answer.headers.get("Vary", "").lower()) == compressed
    lengths = {len(client.get("/", headers={"accept-encoding": "gzip"}).content) for _ in range(12)}
    assert len(lengths) > 1, "a length that says something about a secret is never the same"


@pytest.fixture
def another_root(settings, tmp_path: Path) -> Path:
    settings.STATIC_ROOT = tmp_path / "static" / "files"
    return tmp_path / "static"


def test_they_are_made_once_for_each_state_of_their_sources(another_root, monkeypatch):
    assert static_files.make() > 100
    assert static_files.make() == 0
    manifest = json.loads(next((another_root / "manifests").iterdir()).read_text())
    made = set(manifest["paths"].values())
    assert all((another_root / "files" / name).exists() for name in made)
    assert [path.name for path in another_root.iterdir() if path.name.startswith("making")] == []
    # Pages of the latest states may still be open; what only older ones named goes.
    old = another_root / "files" / "voicebot" / "old.0123456789ab.js"
    old.write_text("")
    (another_root / "files" / "voicebot" / "old.0123456789ab.js.gz").write_text("")
    monkeypatch.setattr(static_files, "state", lambda: "later")
    assert static_files.make() > 100
    assert not old.exists()
    assert not old.with_suffix(".js.gz").exists()
    assert all((another_root / "files" / name).exists() for name in made)


def test_a_place_that_cannot_be_written_is_named(another_root):
    another_root.write_text("not a folder")
    with pytest.raises(ImproperlyConfigured, match="STATIC_ROOT"):
        static_files.make()
