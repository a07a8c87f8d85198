"""The editor's desk in a real browser: cards, versions, lore, voice, and a draft that is talked with."""

import base64
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Page

from characters.cards import png
from tests.characters.factory import picture
from tests.characters.test_cards import V3, as_json
from tests.conftest import serving
from tests.servers import Server

CALL = "window.greenroom.call"
LIST = "/admin/characters/character/"
DROP = """
([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  const zone = document.getElementById("desk-drop");
  for (const kind of ["dragenter", "dragover", "drop"])
    zone.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
}
"""


@pytest.fixture(scope="module")
def desk_server(tmp_path_factory) -> Iterator[Server]:
    with serving(tmp_path_factory, "desk") as running:
        yield running


@pytest.fixture(scope="module")
def cookie(desk_server) -> str:
    return desk_server.editor_cookie()["Cookie"].split("=")[1]


@pytest.fixture
def desk(desk_server, cookie, browser_with_microphone):
    """Opens a page of the admin as an administrator; what the console complains about fails the test."""

    @contextlib.asynccontextmanager
    async def open_page(path: str) -> AsyncIterator[Page]:
        async with browser_with_microphone() as page:
            await page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": desk_server.url}])
            complaints: list[str] = []
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
            await page.goto(desk_server.url + path)
            yield page
            assert complaints == []

    return open_page


@contextlib.asynccontextmanager
async def editor(desk, name: str) -> AsyncIterator[Page]:
    """The form of a character, once its rehearsal has been shown."""
    async with desk(LIST) as page:
        await page.get_by_role("link", name=name, exact=True).first.click()
        await page.wait_for_selector("#desk[data-round]")
        yield page


async def test_a_card_is_dropped_onto_the_list_and_opened(desk):
    card = png.write(
        picture((400, 600)), {"ccv3": as_json({**V3, "data": {**V3["data"], "name": "Dropped One"}})}
    )
    async with desk(LIST) as page:
        await page.evaluate(DROP, ["dropped.png", base64.b64encode(card).decode()])
        await page.get_by_text("Dropped One is a draft now").wait_for()
        await page.evaluate(DROP, ["broken.json", base64.b64encode(b"{").decode()])
        await page.get_by_text("broken.json: The card's text is not JSON.").wait_for()
        await page.reload()
        await page.get_by_role("link", name="Dropped One", exact=True).first.click()
        assert await page.input_value("#id_name") == "Dropped One"


async def test_a_name_that_is_there_asks_which_character_is_meant(desk):
    async with desk(LIST) as page:
        there = {"name": "again.json", "mimeType": "application/json"}
        card = as_json({"name": "Ann Twice", "description": "{{img::x}} A twin.", "first_mes": "Ahoy."})
        await page.set_input_files("#desk-drop input", [{**there, "buffer": card}])
        await page.get_by_text("is a draft now, at the address ann-twice").wait_for()
        await page.set_input_files("#desk-drop input", [{**there, "buffer": card}])
        await page.get_by_text("Ann Twice is there already").wait_for()
        await page.get_by_role("button", name="Update Ann Twice (ann-twice)").wait_for()
        await page.get_by_label("Its address").fill("twin")
        await page.get_by_role("button", name="A new character").click()
        await page.get_by_text("is a draft now, at the address twin").wait_for()
        said = await page.inner_text("#desk-report")
        assert "Character Card V1 (JSON): description, greeting." in said
        assert "Kept, without effect" in said
        assert "{{img::x}}" in said


async def test_a_card_is_chosen_by_whoever_cannot_drag(desk):
    async with desk(LIST) as page:
        file = {"name": "chosen.json", "mimeType": "application/json"}
        card = as_json({"name": "Chosen One", "description": "x"})
        await page.set_input_files("#desk-drop input", [{**file, "buffer": card}])
        await page.get_by_text("Chosen One is a draft now").wait_for()


async def test_the_prompt_follows_the_form_and_lore_says_why(desk):
    async with editor(desk, "Captain Marlow") as page:
        await page.fill("#id_personality", "Hums sea shanties")
        await page.get_by_text("Hums sea shanties").last.wait_for()
        assert "of the 2048 tokens" in await page.inner_text("#desk-tokens")
        await page.fill("#desk-talk", "Visitor: Is there a kraken?")
        await page.wait_for_selector("#desk-lore li.fired")
        assert "“kraken” in the last 6 messages" in await page.inner_text("#desk-lore li.fired")
        assert "You saw the kraken once" in await page.inner_text("#desk-prompt")


async def test_a_voice_is_heard_before_it_is_saved(desk):
    async with editor(desk, "Captain Marlow") as page:
        await page.click("#desk-speak")
        await page.wait_for_function("document.getElementById('desk-audio').duration > 1.5")


async def test_a_draft_is_saved_talked_with_published_compared_and_gone_back_from(desk, desk_server):
    async with editor(desk, "Ada Quill") as page:
        await page.get_by_text("Words", exact=True).click()
        await page.fill("#id_greeting", "This is only a draft.")
        await page.get_by_role("button", name="Save and continue editing").click()
        await page.get_by_text("with changes to publish").wait_for()
        change = page.url
        async with page.expect_popup() as opened:
            await page.get_by_role("link", name="Talk with the draft").click()
        stage = await opened.value
        await stage.get_by_text("This is the draft").wait_for()
        await stage.click("#begin")
        await stage.wait_for_function(
            f"{CALL}.transcript.lines.some((l) => l.text === 'This is only a draft.')"
        )
        await stage.close()
        await page.get_by_role("link", name="Publish…").click()
        assert await page.inner_text(".desk-diff ins") == "This is only a draft."
        await page.fill("[name=note]", "Tried and liked")
        await page.get_by_role("button", name="Put on stage").click()
        await page.get_by_text("On stage: version 2").wait_for()
        await page.get_by_role("link", name="Versions").click()
        assert "Tried and liked" in await page.inner_text(".desk-table")
        await page.check("[name=a][value='1']")
        await page.check("[name=b][value='2']")
        await page.get_by_role("button", name="Compare the two chosen").click()
        assert "draft" in await page.locator(".desk-diff ins").last.inner_text()
        await page.get_by_role("link", name="All versions").click()
        await page.get_by_role("link", name="Go back to 1").click()
        await page.get_by_role("button", name="Go back").click()
        await page.get_by_text("is back to what version 1 was, as version 3").wait_for()
        await page.goto(change)
        assert (await page.input_value("#id_greeting")).startswith("Oh good, you are here.")


async def test_a_conversation_on_the_stage_shows_the_new_name_when_it_is_published(desk, desk_server):
    async with editor(desk, "Inspector Fenn") as page:
        stage = await page.context.new_page()
        await stage.goto(f"{desk_server.url}/talk/inspector-fenn/")
        await stage.click("#begin")
        await stage.wait_for_function(f"{CALL}.state === 'listening'")
        await page.fill("#id_name", "Chief Inspector Fenn")
        await page.get_by_role("button", name="Save and continue editing").click()
        await page.get_by_role("link", name="Publish…").click()
        await page.get_by_role("button", name="Put on stage").click()
        await stage.wait_for_function(
            "document.getElementById('name').textContent === 'Chief Inspector Fenn'"
        )


async def test_who_does_all_three_puts_the_three_out_of_reach(desk):
    async with desk(f"{LIST}add/") as page:
        choice = page.locator("#id_speech_to_speech_provider")
        model = "document.getElementById('id_llm_model')"
        assert not await page.evaluate(f"{model}.inert")
        await choice.evaluate(
            "(one) => { one.value = 'openai_realtime'; one.dispatchEvent(new Event('change')); }"
        )
        assert await page.evaluate(f"{model}.inert && {model}.classList.contains('desk-unused')")
        sent = "new FormData(document.getElementById('character_form')).has('llm_model')"
        assert await page.evaluate(sent), "what was chosen there stays"
