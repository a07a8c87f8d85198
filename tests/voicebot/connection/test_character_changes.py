"""An editor publishes while somebody is talking: heard at the next turn, in every process."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import serving
from tests.patience import PATIENCE_SECS
from tests.servers import Server
from tests.visitors import Visitor, rtvi_message
from tests.voicebot.connection.test_resume import KEYS, asked, cookie_of, remembered
from tests.voicebot.players import pitch_hz

ECHO, TONE = "tests.voicebot.players.EchoLLM", "tests.voicebot.players.PitchedTTS"


@pytest.fixture(scope="module")
def connection_registry(tmp_path_factory, redis_url) -> Iterator[Server]:
    """A server whose characters say what they were told; commands reach it over Redis only."""
    environment = {
        "REDIS_URL": redis_url,
        "SESSION_KEYS": KEYS,
        "SECRET_KEY": "s" * 50,
        "LLM_PROVIDER": ECHO,
        "TTS_PROVIDER": TONE,
    }
    with serving(tmp_path_factory, "changes", **environment) as running:
        yield running


def publish(connection_registry: Server, folder: Path, slug: str, **fields: Any) -> str:
    """Writes a character in another process, and publishes it."""
    ours = {
        name: fields.pop(name) for name in ("voice_pitch", "tts_provider", "speak_up_secs") if name in fields
    }
    card = {
        "spec": "chara_card_v3",
        "spec_version": "3.0",
        "data": {"name": "Echo", "first_mes": "Ahoy.", **fields, "extensions": {"greenroom": ours}},
    }
    file = folder / f"{slug}.json"
    file.write_text(json.dumps(card))
    return connection_registry.command(
        "import_characters", str(file), "--update", "--publish", "--address", slug
    )


async def say(visitor: Visitor, text: str) -> str:
    """Types something; what the character answers, when it has been spoken to the end."""

    def spoken() -> list[str]:
        outputs = [message["data"] for message in visitor.of("bot-output")]
        return [output["text"] for output in outputs if output.get("spoken_status") == "completed"]

    def ended() -> int:
        return len(visitor.of("bot-stopped-speaking"))

    before, silences = len(spoken()), ended()
    await visitor.socket.send(rtvi_message("send-text", {"content": text}))
    await visitor.until(lambda: len(spoken()) > before and ended() > silences)
    return spoken()[-1]


async def begin(connection_registry: Server, slug: str, **more: Any) -> tuple[str, Any]:
    return await asyncio.to_thread(connection_registry.start_session, slug, **more)


async def greeted(visitor: Visitor) -> dict[str, Any]:
    session = await visitor.get_ready()
    await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
    return session


async def test_a_publish_in_another_process_is_heard_at_the_next_turn(connection_registry, tmp_path):
    await asyncio.to_thread(publish, connection_registry, tmp_path, "echo", system_prompt="You are calm.")
    url, _ = await begin(connection_registry, "echo")
    async with Visitor(url) as visitor:
        session = await greeted(visitor)
        assert "You are calm" in await say(visitor, "Who are you?")
        visitor.pcm.clear()
        await say(visitor, "Go on")
        assert pitch_hz(visitor.pcm) == pytest.approx(440, rel=0.02)
        await asyncio.to_thread(
            publish, connection_registry, tmp_path, "echo", system_prompt="You are wild.", voice_pitch=12
        )
        await visitor.until(lambda: visitor.server_messages("character-updated"))
        told = visitor.server_messages("character-updated")[-1]["character"]
        assert (told["name"], told["version"]) == ("Echo", 2)
        visitor.pcm.clear()
        assert "You are wild" in await say(visitor, "And now?")
        assert pitch_hz(visitor.pcm) == pytest.approx(880, rel=0.02), "with the new voice, too"
        turns = await remembered(visitor, 7)
    assert [turn["version"] for turn in turns if turn["role"] == "assistant"] == [
        "echo@1",
        "echo@1",
        "echo@1",
        "echo@2",
    ]
    assert {turn["version"] for turn in turns if turn["role"] == "user"} == {""}
    assert session["character"]["version"] == 1


async def test_what_is_only_to_be_read_is_kept_and_not_spoken(connection_registry, tmp_path):
    await asyncio.to_thread(publish, connection_registry, tmp_path, "reader", system_prompt="You are calm.")
    url, _ = await begin(connection_registry, "reader")
    async with Visitor(url) as visitor:
        await greeted(visitor)
        assert (await say(visitor, "Hello")).startswith("*bows* My part")
        (_, _, turn) = await remembered(visitor, 3)
    assert turn["text"].startswith("*bows* My part"), "the transcript keeps what the voice leaves out"


async def test_a_pinned_session_keeps_its_version_even_when_it_comes_back(connection_registry, tmp_path):
    await asyncio.to_thread(publish, connection_registry, tmp_path, "pinned", system_prompt="You are calm.")
    url, answer = await begin(connection_registry, "pinned", metadata={"pinVersion": True})
    async with Visitor(url) as visitor:
        session = await greeted(visitor)
        await asyncio.to_thread(
            publish, connection_registry, tmp_path, "pinned", system_prompt="You are wild."
        )
        assert "You are calm" in await say(visitor, "Who are you?")
        assert not visitor.server_messages("character-updated")
    body = {"body": {"session": session["id"]}}
    again = await asyncio.to_thread(connection_registry.request, "/api/start", body, **cookie_of(answer))
    async with Visitor(f"{again.json['wsUrl']}?token={again.json['token']}") as visitor:
        await visitor.get_ready()
        assert "You are calm" in await say(visitor, "And now?")


async def test_another_provider_takes_over_without_a_new_connection(connection_registry, tmp_path):
    await asyncio.to_thread(publish, connection_registry, tmp_path, "moved", system_prompt="You are calm.")
    url, _ = await begin(connection_registry, "moved")
    async with Visitor(url) as visitor:
        await greeted(visitor)
        await say(visitor, "Who are you?")
        fields = {"system_prompt": "You are wild.", "tts_provider": "scripted"}
        await asyncio.to_thread(publish, connection_registry, tmp_path, "moved", **fields)
        await visitor.until(lambda: len(visitor.server_messages("session")) == 2)
        assert visitor.server_messages("session")[-1]["resumed"] is True
        visitor.pcm.clear()
        assert "You are wild" in await say(visitor, "And now?")
        seconds = sum(len(pcm) for pcm in visitor.pcm) / 24_000
        assert seconds > 1.5, "two seconds of the other voice's tone"
        turns = await remembered(visitor, 5)
        assert len(turns) == 5, "a greeting and two turns of each: nothing twice, nothing lost"
        assert visitor.closed is None


async def test_a_switch_of_character_holds_up_no_other_message(connection_registry, tmp_path):
    """The new character needs another voice, so the one that is speaking is waited for: two seconds of it."""
    await asyncio.to_thread(
        publish, connection_registry, tmp_path, "talker", system_prompt="Calm.", tts_provider="scripted"
    )
    await asyncio.to_thread(publish, connection_registry, tmp_path, "other", system_prompt="You are wild.")
    url, _ = await begin(connection_registry, "talker")
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await visitor.until(lambda: visitor.audible_at)
        assert await asked(visitor, "character.switch", {"character": "other"}) == {"character": "other"}
        assert (await asked(visitor, "session.get"))["character"] == "other"
        assert visitor.hears_speech, "it was answered while the voice went on"
        await visitor.until(lambda: len(visitor.server_messages("session")) == 2)
        assert len(visitor.of("bot-stopped-speaking")) == 1
        assert "You are wild" in await say(visitor, "Who are you?")
        turns = await remembered(visitor, 3)
    assert [turn["interrupted"] for turn in turns] == [False] * 3


async def test_lore_comes_up_on_the_turn_that_calls_for_it(connection_registry, tmp_path):
    entries = [
        {
            "keys": ["kraken"],
            "content": "The kraken sleeps.",
            "extensions": {},
            "enabled": True,
            "insertion_order": 1,
            "use_regex": False,
        },
        {
            "keys": [r"sh[iy]p\b"],
            "content": "@@dont_activate_after_match\nShe leaks.",
            "extensions": {},
            "enabled": True,
            "insertion_order": 2,
            "use_regex": True,
        },
    ]
    book = {"scan_depth": 1, "extensions": {}, "entries": entries}
    await asyncio.to_thread(
        publish, connection_registry, tmp_path, "keeper", system_prompt="Calm.", character_book=book
    )
    url, answer = await begin(connection_registry, "keeper")
    async with Visitor(url) as visitor:
        session = await greeted(visitor)
        assert "kraken" not in await say(visitor, "Good evening")
        assert "The kraken sleeps" in await say(visitor, "Tell me of the KRAKEN")
        assert "kraken" not in await say(visitor, "Thank you")
        assert "She leaks" in await say(visitor, "And the ship?")
        assert "She leaks" not in await say(visitor, "And the ship?"), "once, as its decorator says"
    body = {"body": {"session": session["id"]}}
    again = await asyncio.to_thread(connection_registry.request, "/api/start", body, **cookie_of(answer))
    async with Visitor(f"{again.json['wsUrl']}?token={again.json['token']}") as visitor:
        await visitor.get_ready()
        assert "She leaks" not in await say(visitor, "The ship once more?"), "nor after coming back"


async def test_a_draft_is_talked_with_by_editors_and_changes_as_they_save(connection_registry, tmp_path):
    await asyncio.to_thread(publish, connection_registry, tmp_path, "sketch", system_prompt="You are calm.")
    with psycopg.connect(connection_registry.database, autocommit=True) as database:
        database.execute(
            "UPDATE characters_character SET system_prompt = 'You are bold.' WHERE slug = 'sketch'"
        )
    cookie = await asyncio.to_thread(connection_registry.editor_cookie)
    body = {"body": {"character": "sketch", "draft": True}}
    answer = await asyncio.to_thread(connection_registry.request, "/api/start", body, **cookie)
    assert answer.status == 200, answer.body
    async with Visitor(f"{answer.json['wsUrl']}?token={answer.json['token']}") as visitor:
        session = await greeted(visitor)
        assert session["draft"] is True
        assert "You are bold" in await say(visitor, "Who are you?")
        got = await asked(visitor, "session.get")
        turns = await remembered(visitor, 3)
    assert turns[0]["version"] == "sketch@draft"
    with psycopg.connect(connection_registry.database) as database:
        row = database.execute(
            "SELECT draft, deadline_at - created_at FROM sessions_app_voicesession WHERE id = %s", [got["id"]]
        ).fetchone()
    assert row is not None
    assert (row[0], row[1].total_seconds()) == (True, 3600.0)


@pytest.mark.long
async def test_a_character_speaks_up_by_itself_twice_and_then_waits(connection_registry, tmp_path):
    await asyncio.to_thread(publish, connection_registry, tmp_path, "restless", speak_up_secs=5)
    url, _ = await asyncio.to_thread(connection_registry.start_session, "restless")
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await visitor.until(lambda: len(visitor.of("bot-llm-started")) >= 2)
        await visitor.until(lambda: len(visitor.of("bot-stopped-speaking")) >= 3)
        assert not visitor.of("user-transcription"), "nobody's words are made up"
        async with asyncio.timeout(PATIENCE_SECS):
            while len(turns := (await asked(visitor, "session.history", {}))["turns"]) < 3:
                await asyncio.sleep(0.2)
        assert [turn["role"] for turn in turns] == ["assistant"] * 3
        await asyncio.sleep(6.5)  # a third time would come by now
        assert len(visitor.of("bot-llm-started")) == 2


async def test_the_visitor_sets_the_speed_of_the_voice(connection_registry, tmp_path):
    await asyncio.to_thread(publish, connection_registry, tmp_path, "steady", tts_provider=TONE)
    url, _ = await asyncio.to_thread(
        connection_registry.start_session, "steady", metadata={"voiceSpeed": 1.5}
    )
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        answer = await asked(visitor, "session.metadata", {"voiceSpeed": None})
        assert "voiceSpeed" not in answer["metadata"]
