"""What goes out: nothing that was edited out, every file, the portrait, in every format and back."""

import copy
import io
import json
from typing import Any

import pytest
from django.core.files.base import ContentFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from characters import cards
from characters.cards import charx, png
from characters.models import Character

pytestmark = pytest.mark.django_db

V1 = {
    "name": "Tess",
    "description": "OLD-SECRET",
    "first_mes": "Good evening.",
    "personality": "",
    "scenario": "",
}
DATA = {
    **V1,
    "mes_example": "",
    "creator_notes": "OLD-NOTE",
    "extensions": {},
    "alternate_greetings": [],
    "tags": [],
}
ROOT = {
    **V1,
    **{
        "creatorcomment": "OLD-NOTE",
        "create_date": "2024-01-01",
        "chat": "Tess - 2024",
        "avatar": "none",
        "fav": True,
    },
    **{
        "tags": ["OLD-TAG"],
        "spec": "chara_card_v2",
        "spec_version": "2.0",
        "data": DATA,
        "elsewhere": "kept",
    },
}


def red(size: int = 32, kind: str = "PNG", colour: str = "#cc0000") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(out, kind)
    return out.getvalue()


def stored(data: bytes) -> Character:
    return Character.objects.get(pk=cards.store(cards.read(data)).pk)


def colour_of(character: Character) -> str:
    """Of the middle of the portrait: red, green, or another one."""
    with Image.open(io.BytesIO(character.avatar.read())) as seen:
        r, g, _ = seen.convert("RGB").getpixel((seen.width // 2, seen.height // 2))  # type: ignore[misc]
    return "red" if r > 150 > g else "green" if g > 120 > r else "another"


def v3(assets: list[dict[str, Any]]) -> dict[str, Any]:
    data = {**DATA, "assets": assets, "group_only_greetings": []}
    return {"spec": "chara_card_v3", "spec_version": "3.0", "data": data}


def asset(kind: str, uri: str, name: str, ext: str = "png") -> dict[str, str]:
    return {"type": kind, "uri": uri, "name": name, "ext": ext}


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("form", cards.FORMATS)
def test_what_was_edited_out_is_nowhere_in_what_goes_out(form, private):
    tess = stored(json.dumps(ROOT).encode())
    tess.description, tess.about = "NEW", ""
    tess.save()
    exported = cards.export(tess, form, private=private).data
    if form.endswith("png"):
        exported = b"".join(png.read(exported).texts.values())
    elif form.endswith("charx"):
        exported = charx.read(exported)[0]
    for old in (b"OLD-SECRET", b"OLD-NOTE", b"Tess - 2024", b"2024-01-01", b"OLD-TAG"):
        assert old not in exported
    assert (b"elsewhere" in exported) is private


def test_notes_in_several_languages_go_when_they_are_edited():
    data = {**DATA, "creator_notes": "", "creator_notes_multilingual": {"en": "OLD", "zh": "旧"}}
    tess = stored(json.dumps({**v3([]), "data": data}).encode())
    same = json.loads(cards.export(tess, "v3-json").data)["data"]
    assert same["creator_notes_multilingual"] == {"en": "OLD", "zh": "旧"}
    assert same["creator_notes"] == ""
    tess.about = "NEW"
    tess.save()
    now = json.loads(cards.export(tess, "v3-json").data)["data"]
    assert now["creator_notes"] == "NEW"
    assert "creator_notes_multilingual" not in now


MAIN = "assets/icon/images/main.png"
CHARX = charx.write(json.dumps(v3([asset("icon", f"embeded://{MAIN}", "main")])).encode(), {MAIN: red()})


def test_a_portrait_goes_from_charx_to_png_and_back():
    tess = stored(CHARX)
    assert colour_of(tess) == "red"
    as_png = cards.export(tess, "v3-png").data
    again = stored(as_png)
    assert colour_of(again) == "red"
    third = stored(cards.export(again, "v3-charx").data)
    assert colour_of(third) == "red"
    assert red() in charx.read(cards.export(third, "v3-charx").data)[1].values()


def test_a_png_that_names_files_which_it_has_not_keeps_its_own_picture():
    card = json.dumps(v3([asset("icon", f"embeded://{MAIN}", "main")])).encode()
    assert colour_of(stored(png.write(red(), {"ccv3": card}))) == "red"


@pytest.mark.parametrize("data", [CHARX, png.write(red(), {"ccv3": json.dumps(v3([])).encode()})])
def test_a_portrait_that_was_replaced_does_not_go_out(data):
    tess = stored(data)
    tess.avatar.save("new.webp", ContentFile(red(768, "WEBP", "#00aa00")))
    for form in ("v3-png", "v3-charx", "v2-png"):
        exported = cards.export(tess, form).data
        assert colour_of(stored(exported)) == "green", form
        assert red() not in exported


def test_a_charx_keeps_all_icons_and_gets_a_main_one_if_it_has_none():
    listed = [
        asset("icon", "https://example.com/a.png", "main"),
        *(asset("icon", f"https://example.com/{number}.png", f"i{number}") for number in range(30)),
        asset("emotion", "embeded://assets/e.png", "happy"),
    ]
    data = charx.write(json.dumps(v3(listed)).encode(), {"assets/e.png": red(8), "x.bin": b"x"})
    card, files = charx.read(cards.export(stored(data), "v3-charx").data)
    assets = json.loads(card)["data"]["assets"]
    assert [one["uri"] for one in assets[1:]] == [one["uri"] for one in listed]
    assert [one["name"] for one in assets if one["type"] == "icon"].count("main") == 1
    assert {"assets/e.png", "x.bin"} < files.keys()


def test_without_what_is_private_files_that_the_card_does_not_name_stay():
    data = charx.write(json.dumps(v3([])).encode(), {"module.risum": b"OLD-SECRET"})
    exported = cards.export(stored(data), "v3-charx", private=False)
    assert b"OLD-SECRET" not in exported.data
    assert "1 file that the card does not name" in exported.notes[0]


kinds = st.sampled_from(["icon", "emotion", "background", "user_icon", "x-other"])
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=12
)
bodies = st.binary(min_size=1, max_size=30)


@given(
    files=st.dictionaries(
        names.filter(lambda name: name not in (".", "..")), st.tuples(kinds, bodies), max_size=5
    ),
    loose=st.dictionaries(
        st.sampled_from(["module.risum", "x_meta/0.json", "readme.txt"]), bodies, max_size=2
    ),
    remote=st.integers(0, 2),
    way=st.lists(st.sampled_from(["v3-charx", "v3-png"]), min_size=1, max_size=3),
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_every_file_that_a_card_names_comes_through_every_way_of_formats(files, loose, remote, way):
    listed = [asset("icon", f"embeded://{MAIN}", "main")]
    listed += [asset(kind, f"embeded://assets/{name}", name) for name, (kind, _) in files.items()]
    listed += [asset("emotion", f"https://example.com/{number}", str(number)) for number in range(remote)]
    inside = {MAIN: red(), **{f"assets/{name}": body for name, (_, body) in files.items()}, **loose}
    data = charx.write(json.dumps(v3(listed)).encode(), inside)
    for form in way:
        tess = stored(data)
        assert tess.avatar
        data = cards.export(tess, form).data
    last = cards.read(data)
    found = []
    for one in json.loads(last.fields["card"])["data"]["assets"]:
        uri = one["uri"]
        path = uri.removeprefix("embeded://")
        found.append(
            (one["type"], one["name"], last.assets.get(path, uri if uri.startswith("https") else None))
        )
    expected = [("icon", "main", red())]
    expected += [(kind, name, body) for name, (kind, body) in files.items()]
    expected += [("emotion", str(number), f"https://example.com/{number}") for number in range(remote)]  # type: ignore[misc]
    assert found == expected
    if way == ["v3-charx"] * len(way):
        assert {path: last.assets[path] for path in loose} == loose


@pytest.mark.parametrize("form", cards.FORMATS)
def test_a_round_trip_changes_no_word(form):
    card = copy.deepcopy(v3([]))
    card["data"] |= {
        "extensions": {"depth_prompt": {"prompt": "Mind.", "depth": 2, "role": "user", "own": 1}}
    }
    tess = stored(json.dumps(card).encode())
    assert (tess.depth_prompt, tess.depth_prompt_depth, tess.depth_prompt_role) == ("Mind.", 2, "user")
    back = cards.read(cards.export(tess, form).data)
    for name in (
        "name",
        "description",
        "greeting",
        "depth_prompt",
        "depth_prompt_depth",
        "depth_prompt_role",
    ):
        assert back.fields[name] == getattr(tess, name)
    note = json.loads(back.fields["card"])["data"]["extensions"]["depth_prompt"]
    assert note == card["data"]["extensions"]["depth_prompt"]
    tess.depth_prompt = "Other."
    tess.save()
    changed = json.loads(cards.read(cards.export(tess, form).data).fields["card"])["data"]["extensions"]
    assert changed["depth_prompt"] == {"prompt": "Other.", "depth": 2, "role": "user", "own": 1}
