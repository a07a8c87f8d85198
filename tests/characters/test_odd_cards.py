"""Cards as nobody should write them, and many do: nothing crashes, nothing is lost in silence."""

import base64
import io
import json
import time
import zipfile
import zlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from characters import cards
from characters.cards import lorebooks, png
from characters.exceptions import CardRefused
from characters.text import Macros
from tests.characters.factory import picture

KEEPER: dict[str, Any] = {
    "name": "Oda Brook",
    "description": "A lock keeper on the canal.",
    "first_mes": "Mind the gate, {{user}}.",
}
V2 = {"spec": "chara_card_v2", "spec_version": "2.0"}
V3 = {"spec": "chara_card_v3", "spec_version": "3.0"}
ENTRY = {"keys": ["gate"], "content": "It leaks.", "enabled": True, "extensions": {}}


def card(**data: Any) -> bytes:
    return json.dumps({**V2, "data": {**KEEPER, **data}}).encode()


def with_chunk(kind: bytes, body: bytes) -> bytes:
    whole = png.write(picture((300, 400)), {})
    at = whole.rindex(b"IEND") - 4
    return whole[:at] + png._chunk(kind, body) + whole[at:]


UTF16 = "utf-16"  # Python writes its mark
BASE64 = base64.b64encode(card())
READ = {
    "UTF-16": json.dumps({**V2, "data": KEEPER}).encode(UTF16),
    "UTF-16, the other way round": b"\xfe\xff" + card().decode().encode("utf-16-be"),
    "YAML in UTF-16": "name: Oda Brook\ncontext: A lock keeper.\n".encode(UTF16),
    "iTXt": with_chunk(b"iTXt", b"chara\0\0\0\0\0" + BASE64),
    "iTXt, packed": with_chunk(b"iTXt", b"chara\0\1\0en\0chara\0" + zlib.compress(BASE64)),
    "zTXt": with_chunk(b"zTXt", b"chara\0\0" + zlib.compress(BASE64)),
    "JSON that is not in base64": with_chunk(b"iTXt", b"ccv3\0\0\0\0\0" + card()),
    "V3 broken, V2 beside it": png.write(picture(), {"ccv3": b"{broken", "chara": card()}),
    "V3 empty, V2 beside it": png.write(picture(), {"ccv3": b"{}", "chara": card()}),
    "V1 with a licence": json.dumps({**KEEPER, "version": "1.0", "license": "CC-BY"}).encode(),
    "V1 with a type": json.dumps({**KEEPER, "version": 2, "type": "character"}).encode(),
    "V1 with jobs": json.dumps({**KEEPER, "jobs": ["keeper"], "services": []}).encode(),
    "V1 with messages": json.dumps({**KEEPER, "messages": [{"role": "user", "content": "x"}]}).encode(),
    "V1 with a schema": json.dumps({**KEEPER, "$schema": "x", "properties": {}}).encode(),
}


@pytest.mark.parametrize("case", READ)
def test_a_character_is_read_however_it_is_wrapped(case):
    assert cards.read(READ[case]).name == "Oda Brook"


def test_the_card_that_was_not_taken_of_two_is_told():
    assert any("V3" in said for said in cards.read(READ["V3 broken, V2 beside it"]).report.left_out)


def test_a_packed_text_is_not_unpacked_beyond_what_a_card_may_have():
    bomb = with_chunk(b"zTXt", b"chara\0\0" + zlib.compress(b"A" * 50_000_000))
    with pytest.raises(CardRefused, match="too large"):
        cards.read(bomb)


REFUSED = {
    "a number beyond all numbers": (card(extensions={"x": 1}).replace(b"1}", b"1e999}"), "too large"),
    "a name that nobody sees": (card(name="\u200b\u200d\u2060"), "names nobody"),
    "Latin-1": ('{"name": "Fräulein"}'.encode("latin-1"), "UTF-8"),
    "two characters": (b"[" + card() + b"," + card() + b"]", "a file of its own"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_told_why(case):
    data, said = REFUSED[case]
    with pytest.raises(CardRefused, match=said):
        cards.read(data)


def test_no_lorebook_has_a_number_beyond_all_numbers():
    with pytest.raises(CardRefused, match="too large"):
        lorebooks.read(b'{"entries":{"0":{"key":["a"],"content":"b","order":1e999}}}')
    assert lorebooks.read('{"entries":{"0":{"key":["a"],"content":"b"}}}'.encode(UTF16)).kind == "SillyTavern"


LEFT_OUT = {
    "extensions in a list": ({"extensions": ["a"]}, "other applications"),
    "files in an object": ({"assets": {"icon": "x"}}, "list of files"),
    "files that are none": ({"assets": [3, {"type": "icon", "uri": "ccdefault:"}]}, "list of files"),
    "entries that are none": ({"character_book": {"entries": ["x", None, ENTRY]}}, "2 entries of lore could"),
    "an entry of objects": (
        {"character_book": {"entries": [{**ENTRY, "content": {"a": 1}}]}},
        "1 entry of lore has",
    ),
    "a book in a list": ({"character_book": [ENTRY]}, "lorebook could not be read"),
    "more room than there is": (
        {"character_book": {"entries": [ENTRY], "token_budget": 100_000}},
        "32000 here",
    ),
    "more messages than there are": (
        {"character_book": {"entries": [ENTRY], "scan_depth": 5000}},
        "1000 here",
    ),
    "a depth below nothing": ({"character_book": {"entries": [ENTRY], "scan_depth": -1}}, "-1 in the file"),
    "a greeting of no words": ({"first_mes": {"a": 1}}, "Greeting: it is no text"),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_what_cannot_be_read_is_told_once_in_words(case):
    data, said = LEFT_OUT[case]
    told = cards.read(card(**data)).report.left_out
    assert len([sentence for sentence in told if said in sentence]) == 1, told
    assert not any("_" in sentence for sentence in told), "names of keys are nobody's words"


def test_what_was_taken_whole_needs_no_word():
    read = cards.read(
        card(tags="canal, dry, lock", character_version=1.5, alternate_greetings="Evening, you.")
    )
    assert read.fields["tags"] == ["canal", "dry", "lock"]
    assert (read.fields["creator_version"], read.fields["alternate_greetings"]) == ("1.5", ["Evening, you."])
    assert read.report.left_out == []


def test_the_limits_of_a_book_are_held_and_exported_as_they_came():
    book = {"entries": [ENTRY], "token_budget": 100_000, "scan_depth": 5000}
    read = cards.read(card(character_book=book))
    assert (read.fields["lore_token_budget"], read.fields["lore_scan_depth"]) == (32_000, 1_000)


def test_kinds_of_files_are_words():
    assets = [
        {"type": ["icon"], "uri": "https://example.org/x"},
        {"type": {"a": 1}, "uri": "https://example.org/y"},
    ]
    (said,) = [one for one in cards.read(card(assets=assets)).report.without_effect if "files" in one]
    assert "(other)" in said


def test_nobody_says_null():
    read = cards.read(b"name: Oda\ngreeting: null\ncontext: 'null'\nexample_dialogue: ~\nyour_name:\n")
    assert (read.fields["greeting"], read.fields["description"], read.fields["examples"]) == ("", "null", "")


def test_what_a_character_of_characterai_says_of_itself_is_its_description():
    given = {
        "name": "Oda",
        "title": "x",
        "description": "Lock keeper.",
        "greeting": "Evening.",
        "definition": "Oda: Hm.",
    }
    read = cards.read(json.dumps(given).encode())
    assert (read.fields["description"], read.fields["examples"]) == ("Lock keeper.", "Oda: Hm.")


@pytest.mark.django_db
def test_no_path_of_a_file_leads_out_of_a_charx_that_is_exported():
    path = "../../../evil.png"
    assets = [{"type": "icon", "uri": f"embeded://__asset:{path}", "name": "main", "ext": "png"}]
    came = png.write(
        picture(),
        {"ccv3": json.dumps({**V3, "data": {**KEEPER, "assets": assets}}).encode()},
        {path: picture()},
    )
    for private in (True, False):
        character = cards.store(cards.read(came))
        charx = cards.export(character, "v3-charx", private=private).data
        assert not [name for name in zipfile.ZipFile(io.BytesIO(charx)).namelist() if ".." in name]
        assert cards.read(charx).portrait


@pytest.mark.django_db
def test_half_a_letter_in_a_key_stops_no_import(tmp_path, admin_client):
    data = b'{"spec":"chara_card_v2","data":{"name":"K","description":"x","first_mes":"a",'
    data += b'"a\\u0000b":1,"\\ud800":2}}'
    file = tmp_path / "k.json"
    file.write_bytes(data)
    with file.with_suffix(".txt").open("w", encoding="utf-8") as out:
        call_command("import_characters", str(file), stdout=out)
    answer = admin_client.post(
        "/admin/characters/character/import/", {"cards": SimpleUploadedFile("k.json", data), "choice": "new"}
    )
    assert answer.json()["cards"][0]["name"] == "K"


def test_line_breaks_cost_no_more_than_they_are():
    text = "{{trim}}x" + "\n" * 60_000 + "x"
    begin = time.process_time()
    Macros(char="Oda").expand(text)
    assert time.process_time() - begin < 2  # it was 13 s
    assert Macros(char="Oda").expand("a\n\n{{trim}}\r\n{{trim}}\nb") == "ab"


INJECTED = {
    "{{random:{{user}},{{user}}}}": '"Bob, obey: me::now"',
    "{{random::{{user}}::{{user}}}}": '"Bob, obey: me::now"',
    "{{pick:{{metadata.job}},{{metadata.job}}}}": '"x, obey::me"',
    "{{setvar::{{user}}::{{user}}}}": "",
    "{{random:<user>,<user>}}": '"Bob, obey: me::now"',
    "{{reverse:{{user}}}}": '"won::em :yebo ,boB"',
}


@pytest.mark.parametrize("text", INJECTED)
def test_what_a_visitor_gave_is_no_argument_of_a_macro(text):
    visitor = {"name": "Bob, obey: me::now", "job": "x, obey::me"}
    for turn in range(8):
        assert Macros(char="Oda", metadata=visitor, seed="s", turn=turn).expand(text) == INJECTED[text]


def test_a_variable_of_a_visitors_words_is_theirs_still():
    macros = Macros(char="Oda", metadata={"name": "Bob, obey"})
    macros.expand("{{setvar::who::{{user}}}}")
    assert macros.moment.variables == {"who": '"Bob, obey"'}
    assert macros.expand("{{random:{{getvar::who}},{{getvar::who}}}}") == '"Bob, obey"'
    macros.expand("{{setvar::all::a,b}}")
    assert macros.expand("{{random:{{getvar::all}}}}") in ("a", "b")


@pytest.mark.parametrize("macro", ["{{roll:100d999999999}}", "{{datetimeformat " + "LLLL " * 40 + "}}"])
def test_dear_macros_are_counted_as_what_they_cost(macro):
    begin = time.process_time()
    Macros(char="Oda").expand(macro * 500)
    assert time.process_time() - begin < 0.6  # it was one second, and seven
