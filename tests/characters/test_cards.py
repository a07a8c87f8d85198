"""Character Cards: every kind comes in and goes out again, and nothing is lost on the way."""

import base64
import contextlib
import copy
import io
import json
import struct
import zipfile
import zlib
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from characters import cards, content
from characters.cards import card_limits, charx, giving, mapping, png
from characters.exceptions import CardRefused
from characters.models import Character
from tests.characters.factory import make_character, picture

pytestmark = pytest.mark.django_db

V1 = {
    "name": "Ada",
    "description": "An inventor.",
    "personality": "Quick.",
    "scenario": "A workshop.",
    "first_mes": "Oh good, you are here.",
    "mes_example": "<START>\n{{user}}: Hi\n{{char}}: Hold this spring.",
}
BOOK = {
    "name": "Workshop",
    "scan_depth": 4,
    "token_budget": 300,
    "recursive_scanning": False,
    "extensions": {"other": [1, {"a": None}]},
    "entries": [
        {
            "keys": ["spring", "coil"],
            "content": "@@depth 2\nThe spring is cursed.",
            "extensions": {"probability": 80, "match_whole_words": True},
            "enabled": True,
            "insertion_order": 10,
            "use_regex": False,
            "case_sensitive": False,
            "priority": 5,
            "id": 3,
            "comment": "private thoughts",
            "secondary_keys": ["steel"],
            "selective": True,
            "position": "after_char",
            "unknown": "kept",
        }
    ],
}
V2 = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {
        **V1,
        "creator_notes": "For people.",
        "system_prompt": "{{original}} Be kind.",
        "post_history_instructions": "",
        "alternate_greetings": ["Hello, you.", "Who sent you?"],
        "tags": ["inventor", "brass, and clockwork"],
        "creator": "somebody",
        "character_version": "1.2",
        "extensions": {"agnai": {"voice": {"service": "x"}}, "depth_prompt": {"depth": 4}},
        "character_book": BOOK,
        "unknown_key": {"deep": [1, 2.5, None, True, "\u0000\ud800"]},
    },
}
V3 = {
    "spec": "chara_card_v3",
    "spec_version": "3.0",
    "data": {
        **V2["data"],  # type: ignore[dict-item]
        "nickname": "Addie",
        "assets": [
            {"type": "icon", "uri": "ccdefault:", "name": "main", "ext": "png"},
            {
                "type": "background",
                "uri": "https://example.com/never-asked.png",
                "name": "main",
                "ext": "png",
            },
        ],
        "creator_notes_multilingual": {"de": "Für Leute."},
        "source": ["https://example.com/ada"],
        "group_only_greetings": ["All of you!"],
        "creation_date": 1700000000,
        "modification_date": 1700000001,
        "future_key": [1, 2, 3],
    },
    "future_top": "kept",
}


def as_json(card: Any) -> bytes:
    return json.dumps(card).encode()


def as_png(**texts: Any) -> bytes:
    return png.write(picture((400, 600)), {name: as_json(card) for name, card in texts.items()})


def stored(data: bytes) -> Character:
    return Character.objects.get(pk=cards.store(cards.read(data)).pk)


def out(character: Character, form: str = "v3-json", **options: Any) -> dict[str, Any]:
    data = cards.export(character, form, **options).data
    if form.endswith("json"):
        return json.loads(data)
    if form.endswith("charx"):
        return json.loads(charx.read(data)[0])
    found = png.read(data)
    return json.loads(found.texts["ccv3" if form == "v3-png" else "chara"])


def without_ours(card: dict[str, Any]) -> dict[str, Any]:
    card = copy.deepcopy(card)
    card["data"]["extensions"].pop("greenroom")
    return card


@pytest.mark.parametrize("form", ["v3-json", "v3-png"])
def test_a_v3_card_comes_back_as_it_was(form):
    assert without_ours(out(stored(as_json(V3)), form)) == V3


def test_a_v3_card_in_a_charx_has_its_picture_as_main_icon():
    back = without_ours(out(stored(as_json(V3)), "v3-charx"))
    icon, *others = back["data"].pop("assets")
    assert icon["type"], icon["name"] == ("icon", "main")
    assert icon["uri"].startswith("embeded://")
    assert others == V3["data"]["assets"][1:]  # type: ignore[index]
    expected = copy.deepcopy(V3)
    del expected["data"]["assets"]  # type: ignore[attr-defined]
    assert back == expected


@pytest.mark.parametrize("form", ["v2-json", "v2-png"])
def test_a_v2_card_comes_back_as_it_was_but_for_decorators(form):
    back = without_ours(out(stored(as_json(V2)), form))
    expected = copy.deepcopy(V2)
    entry = expected["data"]["character_book"]["entries"][0]  # type: ignore[index]
    entry["content"] = "The spring is cursed."  # V2 knows no decorators
    assert back == expected


def test_a_v1_card_becomes_v2_and_v3_with_every_word():
    ada = stored(as_json({**V1, "unknown": 1}))
    for form in ("v2-json", "v3-json"):
        data = out(ada, form)["data"]
        assert {name: data[name] for name in V1} == V1
        assert data["unknown"] == 1
        assert data["tags"] == data["alternate_greetings"] == []


def test_fields_land_where_editors_look_for_them():
    ada = stored(as_json(V3))
    assert (ada.name, ada.nickname, ada.greeting, ada.about) == (
        "Ada",
        "Addie",
        V1["first_mes"],
        "For people.",
    )
    assert ada.alternate_greetings == ["Hello, you.", "Who sent you?"]
    assert ada.tags == ["inventor", "brass, and clockwork"]
    assert (ada.lore_scan_depth, ada.lore_token_budget, ada.lore_recursive) == (4, 300, False)
    (entry,) = ada.lore.all()
    assert entry.keys == ["spring", "coil"]
    assert (entry.whole_words, entry.case_sensitive, entry.selective) == (True, False, True)
    assert entry.position == "after_char"
    assert ada.published is None, "a stranger's card goes on stage by nobody's hand"


def test_an_edit_changes_that_field_only():
    ada = stored(as_json(V3))
    ada.greeting = "Changed."
    ada.save()
    expected = copy.deepcopy(V3)
    expected["data"]["first_mes"] = "Changed."  # type: ignore[index]
    assert without_ours(out(ada)) == expected


def test_our_own_settings_travel_in_our_own_place(settings):
    ada = stored(as_json(V3))
    assert out(ada)["data"]["extensions"]["greenroom"]["picks_up"] is True
    ada.voice_pitch, ada.tagline, ada.reply_sentences, ada.tts_provider = 3.5, "Invents", 5, "scripted"
    ada.picks_up = False
    ada.save()
    ours = out(ada)["data"]["extensions"]["greenroom"]
    assert (ours["voice_pitch"], ours["tts_provider"], ours["picks_up"]) == (3.5, "scripted", False)
    again = stored(as_json(out(ada)))
    assert (again.voice_pitch, again.tagline, again.reply_sentences) == (3.5, "Invents", 5)
    assert again.picks_up is False


def test_without_what_is_private_the_makers_keep_their_own():
    ada = stored(as_json(V3))
    ada.llm_provider = "openai"
    ada.save()
    card = out(ada, private=False)
    text = json.dumps(card)
    for private in ("private thoughts", "agnai", "openai", "example.com/ada", "1700000000", "probability"):
        assert private not in text
    assert card["data"]["creation_date"] == 0
    assert card["data"]["character_book"]["entries"][0]["extensions"] == {"match_whole_words": True}
    assert "private thoughts" in json.dumps(out(ada))


def test_where_v2_and_v3_disagree_in_one_picture_v3_wins():
    other = copy.deepcopy(V2)
    other["data"]["name"] = "Not Ada"  # type: ignore[index]
    assert cards.read(as_png(chara=other, ccv3=V3)).name == "Ada"
    assert cards.read(as_png(chara=other)).name == "Not Ada"


def test_a_card_in_a_picture_brings_its_portrait_and_takes_it_along():
    data = as_png(ccv3=V3)
    ada = stored(data)
    with Image.open(io.BytesIO(ada.avatar.read())) as portrait:
        assert portrait.size == (768, 768)
    exported = cards.export(ada, "v3-png").data
    assert png.read(exported).picture == png.read(data).picture, "the very pixels it came with"
    assert b"loaded as a Character Card V2" in base64.b64decode(_text(exported, b"chara"))
    ada.avatar.save("new.webp", io.BytesIO(picture((768, 768), "WEBP")))
    assert png.read(cards.export(ada, "v3-png").data).picture != png.read(data).picture


def _text(data: bytes, keyword: bytes) -> bytes:
    for kind, body in png._chunks(data):
        if kind == b"tEXt" and bytes(body).startswith(keyword + b"\0"):
            return bytes(body).partition(b"\0")[2]
    raise AssertionError(keyword)


def test_a_charx_keeps_its_files():
    card = copy.deepcopy(V3)
    card["data"]["assets"] = [  # type: ignore[index]
        {"type": "icon", "uri": "embeded://assets/icon/images/a.png", "name": "main", "ext": "png"}
    ]
    files = {"assets/icon/images/a.png": picture(), "assets/other/x.bin": b"\0\1", "risu.json": b"{}"}
    ada = stored(charx.write(as_json(card), files))
    assert ada.avatar
    back_card, back = charx.read(cards.export(ada, "v3-charx").data)
    assert back == files
    assert without_ours(json.loads(back_card)) == card
    assert "CHARX only" in cards.export(ada, "v3-png").notes[0]


def test_files_in_text_chunks_of_a_picture_are_kept():
    data = png.write(picture(), {"ccv3": as_json(V3)}, {"happy.png": b"bytes"})
    assert png.read(cards.export(stored(data), "v3-png").data).assets == {"happy.png": b"bytes"}


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"tags": "a, b"}, "tags", ["a", "b"]),
        ({"tags": None}, "tags", []),
        ({"tags": [1, None, ["x"], {"y": 1}]}, "tags", ["1", "x"]),
        ({"alternate_greetings": "Hello, you."}, "alternate_greetings", ["Hello, you."]),
        ({"description": ["one", "two"]}, "description", "one\ntwo"),
        ({"description": {"no": "text"}}, "description", ""),
        ({"description": 42}, "description", "42"),
        ({"character_book": None}, "lore_scan_depth", None),
        ({"character_book": {"entries": None, "scan_depth": "7"}}, "lore_scan_depth", 7),
        ({"character_book": {"scan_depth": -1}}, "lore_scan_depth", None),
        ({"character_book": "nonsense"}, "lore_scan_depth", None),
        ({"extensions": None}, "voice_pitch", 0),
        ({"extensions": {"greenroom": {"voice_pitch": "99", "language": "klingon"}}}, "voice_pitch", 12),
        ({"extensions": {"greenroom": {"llm_provider": "os.system"}}}, "llm_provider", ""),
        ({"extensions": {"greenroom": {"temperature": "NaN"}}}, "temperature", 0.4),
        ({"extensions": {"greenroom": {"picks_up": "no"}}}, "picks_up", False),
        ({"extensions": {"greenroom": {"picks_up": ["?"]}}}, "picks_up", True),
        ({"extensions": {"greenroom": {"openers": "Hm. \n\n Well now."}}}, "openers", "Hm.\nWell now."),
        ({"extensions": {"greenroom": {"openers": ["Hm.", "x" * 600]}}}, "openers", "Hm."),
        ({"name": "x" * 300}, "name", "x" * 80),
        ({"description": "a\0b\ud800c"}, "description", "ab\ufffdc"),
        ({"creator": "  two\nlines "}, "creator", "two lines"),
    ],
)
def test_cards_as_the_world_writes_them(change, field, value):
    card = copy.deepcopy(V2)
    card["data"].update(change)  # type: ignore[attr-defined]
    assert getattr(stored(as_json(card)), field) == value


def test_numbers_as_strings_and_worlds_with_numbered_entries():
    entries = {
        "0": {"keys": "a, b", "content": "x", "insertion_order": "7", "enabled": "true", "priority": "2.5"}
    }
    card = {**V1, "spec": "chara_card_v2", "data": {**V1, "character_book": {"entries": entries}}}
    (entry,) = stored(as_json(card)).lore.all()
    assert (entry.keys, entry.insertion_order, entry.priority, entry.enabled) == (["a", "b"], 7, 2.5, True)


def test_the_oldest_names_of_fields_are_understood():
    old = {"char_name": "Ada", "char_persona": "P", "char_greeting": "Hi", "example_dialogue": "E"}
    ada = stored(as_json(old))
    assert (ada.name, ada.description, ada.greeting, ada.examples) == ("Ada", "P", "Hi", "E")


def test_a_newer_card_is_taken_and_said_to_be_newer():
    card = cards.read(as_json({**V3, "spec_version": "4.1"}))
    assert "version 4.1" in " ".join(card.notes)
    assert out(Character.objects.get(pk=cards.store(card).pk))["spec_version"] == "4.1"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    # Halves of surrogate pairs come in JSON as escapes; they must come back.
    | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=60)


@given(
    spec=st.sampled_from(["chara_card_v2", "chara_card_v3"]),
    texts=st.dictionaries(
        st.sampled_from(sorted(set(mapping.DATA) - {"tags", "alternate_greetings"})), words
    ),
    unknown=st.dictionaries(st.text(min_size=1, max_size=8).map("x_".__add__), json_values, max_size=3),
    extensions=st.dictionaries(
        st.text(max_size=8).filter(lambda key: key != "greenroom"), json_values, max_size=3
    ),
    entries=st.lists(
        st.fixed_dictionaries(
            {
                "keys": st.lists(words.map(str.strip).filter(bool), max_size=3),
                "content": words.filter(lambda text: "@@" not in text),
                "extensions": st.dictionaries(st.text(max_size=6), json_values, max_size=2),
                "enabled": st.booleans(),
                "insertion_order": st.integers(-1000, 1000) | st.floats(-1e6, 1e6),
                "use_regex": st.booleans(),
            },
            optional={
                "case_sensitive": st.booleans(),
                "constant": st.booleans(),
                "priority": st.integers(-100, 100),
                "id": st.integers(0, 99) | words,
                "position": st.sampled_from(["before_char", "after_char"]),
                "selective": st.booleans(),
                "x_unknown": json_values,
            },
        ),
        max_size=3,
    ),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_card_holds_comes_back(spec, texts, unknown, extensions, entries):
    """Without the database: JSON to fields, through a version's content, and back."""
    data = {
        **V2["data"],  # type: ignore[dict-item]
        "name": "Ada",
        **{name: text for name, text in texts.items() if name != "name"},
        **unknown,
        "extensions": extensions,
        "character_book": {"extensions": {}, "entries": entries},
        "tags": [],
        "alternate_greetings": [],
    }
    for name in ("creator", "character_version", "nickname"):  # one line is all these have
        data[name] = " ".join(str(data.get(name, "x")).split()) or "x"
    if spec == "chara_card_v3":
        data["group_only_greetings"] = []
    else:
        del data["nickname"]
    card = {"spec": spec, "spec_version": "3.0" if spec.endswith("3") else "2.0", "data": data}
    read = cards.read(as_json(card))
    kept = json.loads(json.dumps(read.fields))
    back = giving.give(kept, json.loads(kept["card"]), spec, private=True)
    assert without_ours(back) == card


# --- hostile files ---


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(width: int, height: int) -> bytes:
    return png.SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def zipped(**files: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return data.getvalue()


def nested(depth: int) -> bytes:
    return b'{"name": "x", "a": ' + b"[" * depth + b"]" * depth + b"}"


HOSTILE = {
    "nothing": b"",
    "garbage": b"\x00" * 1000,
    "a picture without a card": picture(),
    "JSON that names nobody": b'{"hello": 1}',
    "an array": b"[1]",
    "NaN": b'{"name": "x", "a": NaN}',
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "deep": nested(200),
    "very deep": nested(200_000),
    "wide": b'{"name": "x", "a": [' + b"1," * 300_000 + b"1]}",
    "a huge number": b'{"name": "x", "a": ' + b"9" * 10_000 + b"}",
    "large text": b'{"name": "x", "description": "' + b"a" * (card_limits.JSON_BYTES + 1) + b'"}',
    "a name that is no text": b'{"name": {"a": 1}}',
    "data that is no object": b'{"spec": "chara_card_v2", "data": 1}',
    "a PNG that claims to be huge": header(2**31 - 1, 5) + chunk(b"IEND", b""),
    "a PNG of no size": header(0, 5) + chunk(b"IEND", b""),
    "a PNG that is cut off": as_png(ccv3=V3)[:-30],
    "a PNG whose chunk is longer than the file": header(5, 5) + struct.pack(">I", 2**31 - 2) + b"tEXtccv3\0",
    "a PNG without a header": png.SIGNATURE + chunk(b"tEXt", b"ccv3\0e30=") + chunk(b"IEND", b""),
    "base64 that is none": header(5, 5) + chunk(b"tEXt", b"ccv3\0!!!") + chunk(b"IEND", b""),
    "100 MB of base64": header(5, 5) + chunk(b"tEXt", b"ccv3\0" + b"A" * (8 << 20)) + chunk(b"IEND", b""),
    "a ZIP without a card": zipped(**{"x.txt": b"x"}),
    "a ZIP bomb": zipped(**{"card.json": as_json(V3), "a.bin": b"\0" * (card_limits.ASSET_BYTES + 1)}),
    "a ZIP bomb of many": zipped(
        **{"card.json": as_json(V3)} | {f"{n}": b"\0" * (7 << 20) for n in range(9)}
    ),
    "a card in a ZIP that is a bomb": zipped(**{"card.json": b" " * (card_limits.JSON_BYTES + 1)}),
    "too many files": zipped(
        **{"card.json": as_json(V3)} | {f"{n}.x": b"" for n in range(card_limits.ASSETS + 2)}
    ),
    "a path out of the ZIP": zipped(**{"card.json": as_json(V3), "../../etc/passwd": b"x"}),
    "an absolute path": zipped(**{"card.json": as_json(V3), "/etc/passwd": b"x"}),
    "a path of Windows": zipped(**{"card.json": as_json(V3), "..\\x": b"x"}),
    "a broken ZIP": zipped(**{"card.json": as_json(V3)})[:-10] + b"PK\x05\x06" + b"\xff" * 18,
    "a lorebook of ten thousand": as_json(
        {**V1, "data": {**V1, "character_book": {"entries": [{}] * 10_000}}}
    ),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_refused_with_a_reason(data):
    with pytest.raises(CardRefused) as refused:
        cards.read(data)
    assert str(refused.value).endswith((".", "nobody."))
    assert Character.objects.count() == 0


WHOLE = [
    as_json(V3),
    as_png(chara=V2, ccv3=V3),
    zipped(**{"card.json": as_json(V3), "assets/a.png": picture((8, 8))}),
]
injuries = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(["turn", "cut", "add"]),
        st.binary(min_size=1, max_size=6),
    ),
    min_size=1,
    max_size=8,
)


@given(whole=st.sampled_from(WHOLE), injuries=injuries)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_injured_file_is_read_or_refused_and_nothing_else(whole, injuries):
    data = bytearray(whole)
    for place, kind, some in injuries:
        at = int(place * len(data))
        data[at : at + (0 if kind == "add" else len(some))] = b"" if kind == "cut" else some
        if not data:
            break
    with contextlib.suppress(CardRefused):  # any other error is a finding
        cards.read(bytes(data))


def test_a_file_that_is_too_large_is_not_even_looked_at():
    with pytest.raises(CardRefused, match="32 MB"):
        cards.read(b"{" * (card_limits.FILE_BYTES + 1))


def test_a_link_and_an_encrypted_file_in_a_zip_are_refused():
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("card.json", as_json(V3))
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(CardRefused, match="link"):
        cards.read(data.getvalue())
    plain = bytearray(zipped(**{"card.json": as_json(V3)}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        plain[plain.index(mark) + at] |= 1
    with pytest.raises(CardRefused, match="encrypted"):
        cards.read(bytes(plain))


def test_a_picture_that_cannot_be_drawn_leaves_the_card():
    """Pixels that lie (a small header, a flood of data) are left to nobody's memory."""
    flood = zlib.compress(b"\0" * 50_000_000)
    data = header(8000, 8000) + chunk(b"tEXt", b"ccv3\0" + base64.b64encode(as_json(V3)))
    card = cards.read(data + chunk(b"IDAT", flood) + chunk(b"IEND", b""))
    assert card.portrait is None
    assert card.name == "Ada"


def test_nothing_is_fetched_for_a_card(monkeypatch):
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a card made us ask somebody")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    card = copy.deepcopy(V3)
    card["data"]["assets"] = [  # type: ignore[index]
        {"type": "icon", "uri": "https://example.com/a.png", "name": "main", "ext": "png"}
    ]
    read = cards.read(as_json(card))
    assert read.portrait is None
    assert "not fetched" in " ".join(read.notes)


def test_markup_in_every_field_stays_text(admin_client, client):
    evil = "</textarea></script><script>alert(1)</script><img src=x onerror=alert(1)>{{char}}"
    card = copy.deepcopy(V3)
    data: dict[str, Any] = card["data"]  # type: ignore[assignment]
    for name, value in data.items():
        data[name] = (
            evil if isinstance(value, str) else [evil] if name in ("tags", "alternate_greetings") else value
        )
    data["character_book"]["entries"][0] |= {"keys": [evil], "content": evil, "comment": evil, "name": evil}
    ada = stored(as_json(card))
    from characters.versions import publishing

    publishing.publish(ada)
    for url in (
        f"/admin/characters/character/{ada.pk}/change/",
        "/admin/characters/character/",
        f"/admin/characters/character/{ada.pk}/versions/diff/?a=1&b=draft",
        f"/admin/characters/character/{ada.pk}/versions/",
        f"/admin/characters/character/{ada.pk}/publish/",
        "/",
        f"/talk/{ada.slug}/",
        f"/characters/{ada.slug}/",
    ):
        page = admin_client.get(url).content.decode()
        assert "<script>alert(1)" not in page, url
        assert "<img src=x" not in page, url


# --- commands ---


def test_files_and_folders_are_imported_with_progress_and_reasons(tmp_path, capsys):
    (tmp_path / "below").mkdir()
    (tmp_path / "ada.json").write_bytes(as_json(V3))
    (tmp_path / "below" / "fenn.png").write_bytes(as_png(chara=V2))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "readme.txt").write_text("no card")
    with pytest.raises(SystemExit):
        call_command("import_characters", str(tmp_path), "--new")
    said = capsys.readouterr()
    assert "[1/3] ada.json: Ada (new: ada)" in said.out
    assert "[2/3] fenn.png: Ada (new: ada-2)" in said.out
    assert "[3/3] broken.json: refused. The card's text is not JSON." in said.err
    assert "2 imported, 1 refused." in said.out
    assert Character.objects.count() == 2


def test_a_folder_without_cards_says_what_a_card_is(tmp_path):
    with pytest.raises(CommandError, match=r"\.charx"):
        call_command("import_characters", str(tmp_path))


def test_an_update_becomes_the_draft_of_the_character_of_that_address(tmp_path, capsys):
    character = make_character(slug="ada", name="Old Ada")
    (tmp_path / "ada.json").write_bytes(as_json(V3))
    call_command("import_characters", str(tmp_path), "--update", "--publish")
    character.refresh_from_db()
    assert (character.name, character.published.number) == ("Ada", 2)
    assert "on stage as version 2" in capsys.readouterr().out


@pytest.mark.parametrize("form", cards.FORMATS)
def test_a_character_is_exported_by_command_and_comes_back(form, tmp_path, capsys):
    make_character(lore=[{"keys": ["x"], "content": "y"}])
    call_command("export_character", "marlow", "--format", form, "--output", str(tmp_path))
    (file,) = tmp_path.iterdir()
    again = stored(file.read_bytes())
    first = Character.objects.get(slug="marlow")
    same = {
        name: value for name, value in content.of(again).items() if name not in ("card", "avatar", "lore")
    }
    assert same == {name: content.of(first)[name] for name in same}
    assert again.lore.get().keys == ["x"]


def test_exporting_nobody_says_so():
    with pytest.raises(CommandError, match="no character"):
        call_command("export_character", "nobody")


@pytest.mark.parametrize("entries", [7, 1.5, True, "dragons", [1, None, "x"], {"0": 3}])
def test_entries_of_a_lorebook_that_are_none_are_left_out(entries):
    card = {"spec": "chara_card_v2", "data": {"name": "Ada", "character_book": {"entries": entries}}}
    assert cards.read(json.dumps(card).encode()).fields["lore"] == []
