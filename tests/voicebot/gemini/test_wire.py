"""A vendor that does not keep to its protocol holds nothing up, and sends no key elsewhere."""

import asyncio
import json
import re
from contextlib import asynccontextmanager

import pytest
import websockets
from aiohttp import web

from tests.patience import PATIENCE_SECS
from tests.voicebot.gemini.server import gemini_server
from tests.voicebot.gemini.talking import MODELS, vendor_at
from tests.voicebot.gemini.test_sessions import DICE
from tests.voicebot.http_server import answering
from tests.voicebot.pipeline.speech_to_speech.talking import eventually
from voicebot.providers.speech_to_speech.gemini import apart, session, wire
from voicebot.providers.speech_to_speech.gemini.messages import Json
from voicebot.providers.speech_to_speech.gemini.wire import Address
from voicebot.providers.speech_to_speech.talk import Talk
from voicebot.providers.speech_to_speech.vendor import Ended, Setup, VendorLost, Wish

HELLO = [{"role": "user", "content": "Hello."}]


def begun(reason: str) -> Json:
    """An answer that has begun when it ends for this reason."""
    return {"candidates": [{"content": {"parts": [{"text": "Once upon"}]}, "finishReason": reason}]}


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return name + (len(body) if size is None else size).to_bytes(4, "little") + body


@asynccontextmanager
async def served(handler):
    server = await websockets.serve(handler, "127.0.0.1", 0, max_size=None)
    async with server:
        yield Address("key", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")


@asynccontextmanager
async def sending_on_to(url: str):
    """An address that sends every request to another server."""

    async def elsewhere(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": url + request.path_qs})

    async with answering(elsewhere) as port:
        yield Address("key", f"http://127.0.0.1:{port}")


async def test_a_key_goes_to_no_address_that_the_vendor_sends_to():
    async with gemini_server() as other, sending_on_to(other.url) as address:
        with pytest.raises(VendorLost, match=r"refuses a session \(307\)"):
            await session.connect(address, MODELS)
        with pytest.raises(VendorLost, match=r"refuses a request \(307\)"):
            async for _piece in wire.generated(address, MODELS.text, Json(contents=[])):
                pass
        assert other.keys == set()


async def test_a_vendor_that_sets_up_no_session_is_waited_for_in_vain(monkeypatch):
    async def silent(socket) -> None:
        async for _message in socket:
            pass

    monkeypatch.setattr(wire, "CONNECT_SECS", 0.2)
    async with served(silent) as address, asyncio.timeout(PATIENCE_SECS):
        with pytest.raises(VendorLost, match="cannot be reached"):
            await session.connect(address, MODELS)


@pytest.mark.parametrize(
    "message",
    ['{"toolCall": {"functionCalls": [{"name": "dice"}]}}', "[1]", "7", '{"serverContent": "hush"}', "{"],
)
async def test_what_nobody_understands_ends_the_session_and_is_not_quoted(message):
    async with gemini_server() as server, asyncio.timeout(PATIENCE_SECS):
        talk = Talk(vendor_at(server))
        server.answers = [("hang", None)]
        reply = await talk.answer(Setup(), HELLO)
        await server.session.socket.send_str(message)
        await reply.ended()
        assert reply.failure
        assert "hush" not in reply.failure
        await talk.close()


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "x"}}]}}]}, "KeyError"),
        ({"candidates": [{"finishReason": "SAFETY"}]}, "answers nothing .SAFETY"),
        ({"promptFeedback": {"blockReason": "OTHER"}}, "answers nothing .OTHER"),
        (begun("MAX_TOKENS"), "ends the answer .MAX_TOKENS"),
        (begun("SAFETY"), "ends the answer .SAFETY"),
        (begun("STOP"), "^$"),
    ],
)
async def test_what_is_no_whole_answer_beside_the_conversation_fails(told, why):
    async def broken(_request: web.Request) -> web.Response:
        return web.Response(text=f"data: {json.dumps(told)}\n\n", content_type="text/event-stream")

    async with gemini_server() as server, answering(broken) as port, asyncio.timeout(PATIENCE_SECS):
        talking = await vendor_at(server).connect()
        talking._apart = session.Apart(Address("key", f"http://127.0.0.1:{port}"), "text", "speech", "Kore")
        await talking.respond(Wish("apart", apart=HELLO))
        async for event in talking.events():
            if isinstance(event, Ended):
                break
        assert re.search(why, event.failure)
        await talking.close()


async def test_a_session_that_is_left_while_much_is_sent_is_closed_at_once():
    sending = asyncio.Event()

    async def talkative(socket) -> None:
        async for message in socket:
            if "setup" in json.loads(message):
                await socket.send('{"setupComplete": {}}')
            else:
                sending.set()
                for _ in range(2000):
                    await socket.send(json.dumps({"serverContent": {}, "more": "x" * 10_000}))

    async with served(talkative) as address:
        talking = await session.connect(address, MODELS)
        await talking.set_up(Setup("x"))
        await talking.respond(Wish("k"))
        await sending.wait()
        start = asyncio.get_running_loop().time()
        await talking.close()
        assert asyncio.get_running_loop().time() - start < wire.CLOSE_SECS / 2
        await eventually(lambda: not talking._tasks)


async def test_a_reply_that_is_given_up_before_it_was_asked_for_costs_its_session():
    """Or the next one would wait for its end until the provider's time is over."""
    async with gemini_server() as server:
        talking, full = await vendor_at(server).connect(), asyncio.Event()
        await talking.set_up(Setup("Be brief."))
        await talking.set_up(Setup("Be kind."))
        send = talking._mind.send

        async def slow(message: Json) -> None:
            await full.wait()
            await send(message)

        talking._mind.send = slow
        asking = asyncio.create_task(talking.respond(Wish("k")))
        await asyncio.sleep(0)
        with pytest.raises(VendorLost):
            await talking.cancel("k")
        asking.cancel()
        await talking.close()


@pytest.mark.parametrize("answered", [False, True])
async def test_a_visitor_who_types_while_a_call_is_open_is_answered_in_another_session(answered):
    async with gemini_server() as server:
        talk = Talk(vendor_at(server))
        server.answers = [("call", [("dice", {})]), ("say", "As you wish.")]
        said = [{"role": "user", "content": "Roll."}]
        first = await talk.answer(Setup("", [DICE]), said)
        await first.ended()
        (call,) = first.calls
        if answered:
            function = {"name": "dice", "arguments": "{}"}
            said += [
                {"role": "assistant", "tool_calls": [{"id": call.call_id, "function": function}]},
                {"role": "tool", "tool_call_id": call.call_id, "content": '{"rolled": [6]}'},
            ]
        said.append({"role": "user", "content": "Never mind."})
        with pytest.raises(VendorLost, match="waits for a function"):
            await talk.answer(Setup("", [DICE]), said)
        reply = await talk.answer(Setup("", [DICE]), said)  # as the mind does: once more
        await reply.ended()
        assert reply.transcript.strip() == "As you wish."
        assert server.session.said[-2:] == [("user", "Never mind."), ("model", "As you wish.")]
        assert server.errors == []
        await talk.close()


SOUND = b"\1\2" * 8
FORMAT = chunk(b"fmt ", bytes(16))
NOTE = chunk(b"LIST", b"INFOdata of 3")


@pytest.mark.parametrize(
    ("chunks", "sound"),
    [
        (FORMAT + chunk(b"data", SOUND), SOUND),
        (FORMAT + chunk(b"data", SOUND, 0xFFFFFFFF), SOUND),  # of a length that was not known yet
        (FORMAT + chunk(b"data", SOUND, 0), SOUND),
        (FORMAT + NOTE + b"\0" + chunk(b"data", SOUND), SOUND),  # chunks begin at even places
        (FORMAT + chunk(b"data", SOUND) + NOTE, SOUND),
        (FORMAT, b""),
        (FORMAT + b"da", b""),
    ],
    ids=["plain", "endless", "unknown", "note first", "note last", "no sound", "cut off"],
)
def test_of_a_wav_file_only_its_sound_is_heard(chunks, sound):
    assert apart.samples(b"RIFF" + bytes(4) + b"WAVE" + chunks) == sound


def test_sound_that_begins_like_a_file_is_sound():
    assert apart.samples(b"RIFF" + SOUND) == b"RIFF" + SOUND


async def test_of_a_turn_that_never_ends_two_minutes_are_kept_and_given_to_the_model():
    async with gemini_server() as server, asyncio.timeout(PATIENCE_SECS):
        talking = await vendor_at(server).connect()
        await talking.set_up(Setup())
        for _ in range(13):
            await talking.hear(bytes(10 * 32_000))
        assert len(talking._hearing) == 120 * 32_000
        await talking.commit()
        await talking.respond(Wish("reply"))
        await eventually(lambda: server.session.said)
        assert server.session.said[0] == ("user", "<120.0 s>")
        await talking.close()
