"""The gallery and the pages of characters: what is published, found quickly."""

import io

import pytest
from PIL import Image

from characters.versions import publishing
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    make_character(name="Captain Marlow", tags=["sea", "old & salty"], about="A sailor of 50% of the seas.")
    make_character(slug="ada", name="Ada Quill", tagline="Invents", tags=["brass"], language="de")
    make_character(slug="zoe", name="zoë")


def test_what_visitors_read_has_its_macros_filled_in_and_no_notes(client):
    words = '{{// she lies}}*{{char}} waves to {{user}}.* "Come aboard."'
    make_character(slug="tess", name="Tess Moll", nickname="Tess", greeting=words, tagline="{{char}}'s ferry")
    publishing.publish(make_character(slug="t", name="T", published=False, about="Made by {{char}}.{{//x}}"))
    for page in ("/", "/characters/tess/"):
        text = client.get(page).content.decode()
        assert "Tess waves to the visitor. &quot;Come aboard.&quot;" in text, page
        assert "Tess&#x27;s ferry" in text
        assert "she lies" not in text
    assert "Made by T." in client.get("/characters/t/").content.decode()
    assert "Tess&#x27;s ferry" in client.get("/talk/tess/").content.decode()


def names(client, query: str = "") -> list[str]:
    page = client.get(f"/{query}")
    assert page.status_code == 200
    return [player.name for player in page.context["players"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Ada Quill", "Captain Marlow", "zoë"]),
        ("?q=MARLOW", ["Captain Marlow"]),
        ("?q=invents", ["Ada Quill"]),
        ("?q=sailor+seas", ["Captain Marlow"]),
        ("?q=50%25", ["Captain Marlow"]),
        ("?q=salty", ["Captain Marlow"]),
        ("?q=%27%3B--", []),
        ("?q=%00", ["Ada Quill", "Captain Marlow", "zoë"]),
        ("?tag=old+%26+salty", ["Captain Marlow"]),
        ("?tag=sea&q=ada", []),
        ("?language=de", ["Ada Quill"]),
        ("?language=xx&sort=nonsense&page=nonsense", ["Ada Quill", "Captain Marlow", "zoë"]),
        ("?sort=new", ["zoë", "Ada Quill", "Captain Marlow"]),
    ],
)
def test_characters_are_found(client, company, query, found):
    assert names(client, query) == found


def test_what_is_not_published_is_not_found(client, company):
    marlow = make_character(slug="x", name="Published Name")
    marlow.name = "Secret Draft Name"
    marlow.save()
    assert "Published Name" in names(client)
    assert names(client, "?q=Secret") == []
    publishing.publish(marlow)
    assert names(client, "?q=Secret") == ["Secret Draft Name"]


def test_nobody_found_is_another_room_than_nobody_there(client, company):
    assert b"Nobody here answers to that" in client.get("/?q=nobody").content


def test_a_few_are_seen_at_a_glance_and_more_are_searched(client, company):
    assert b'name="q"' not in client.get("/").content
    assert b'name="q"' in client.get("/?q=ada").content, "there is a way back from what was looked for"
    for number in range(6):
        make_character(slug=f"c{number}", tags=["sea"])
    page = client.get("/").content
    assert b'name="q"' in page
    assert b'href="?tag=sea"' in page


def test_fifty_characters_take_few_queries_and_several_pages(client, django_assert_max_num_queries):
    for number in range(50):
        make_character(slug=f"c{number}", name=f"No {number:02}", tags=[f"t{number % 3}"])
    with django_assert_max_num_queries(6):
        page = client.get("/?page=2&tag=")
    assert len(page.context["players"]) == 24
    assert b"2 of 3" in page.content


def test_a_characters_page_tells_about_it_and_has_a_picture_to_share(client):
    make_character(about="An old <b>sailor</b>.\n\nWith a hat.", tagline="Tells stories", tags=["sea"])
    page = client.get("/characters/marlow/").content.decode()
    assert "An old &lt;b&gt;sailor&lt;/b&gt;." in page
    assert "Ahoy, the visitor." in page
    assert "/talk/marlow/" in page
    address = page.split('property="og:image" content="')[1].split('"')[0]
    assert address.startswith("http")
    answer = client.get("/" + address.split("/", 3)[3])
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format, picture.size) == ("PNG", (1200, 630))
        assert len(picture.getcolors(1 << 20) or []) > 20, "something is drawn on it"
    assert client.get("/characters/marlow/share-99.png").status_code == 404
    assert client.get("/characters/nobody/").status_code == 404
