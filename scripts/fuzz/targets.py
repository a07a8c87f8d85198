"""The doors through which strangers' text and bytes come in, and valid examples of what comes."""

import base64
import io
import json
import random
import zipfile
from typing import Any

from django.http import HttpRequest
from PIL import Image, PngImagePlugin
from pipecat.frames.protobufs import frames_pb2

from characters.cards import importing, mapping
from characters.exceptions import CardRefused
from characters.lore.activation import scan
from characters.lore.book import lorebook_of
from characters.text.macros import Macros
from scripts.fuzz.mutator import Mutator
from scripts.fuzz.target import Target
from sessions_app.exceptions import SessionError
from sessions_app.identity import session_tokens
from sessions_app.network import web_origins
from sessions_app.session.metadata import checked_metadata, merge_patch
from voicebot.http.json_api import body_of
from voicebot.transport import serializer

DAMAGED = 0.5  # share of frames and messages that are broken besides having odd values in them
CARD = {
    "spec": "chara_card_v3",
    "spec_version": "3.0",
    "data": {
        "name": "Ada",
        "description": "{{char}} likes {{user}}.",
        "first_mes": "Hello {{random:a,b}}",
        "mes_example": "<START>\n{{user}}: hi\n{{char}}: ho",
        "alternate_greetings": ["Hi"],
        "tags": ["x"],
        "assets": [{"type": "icon", "uri": "embeded://icon.png", "name": "main", "ext": "png"}],
        "character_book": {
            "entries": [{"keys": ["/dra(gon|ke)/i"], "content": "@@depth 2\nFire.", "enabled": True}]
        },
        "extensions": {},
    },
}


def request_with(body: bytes) -> HttpRequest:
    request = HttpRequest()
    request.META["CONTENT_LENGTH"] = str(len(body))
    request._body = body  # type: ignore[attr-defined]
    return request


def as_frame(kind: str, value: Any) -> bytes:
    frame = frames_pb2.Frame()
    if kind == "message":
        frame.message.data = value
    else:
        frame.audio.audio, frame.audio.sample_rate, frame.audio.num_channels = value
    return bytes(frame.SerializeToString())


def picture(card: str) -> bytes:
    info, out = PngImagePlugin.PngInfo(), io.BytesIO()
    info.add_text("ccv3", card)
    Image.new("RGB", (4, 4)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def archive(card: str, png: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("card.json", card)
        file.writestr("icon.png", png)
    return out.getvalue()


def look_up(data: dict[str, Any]) -> None:
    """A book is read, and scanned for what a visitor has written."""
    settings = {"lore_scan_depth": None, "lore_token_budget": None, "lore_recursive": True}
    book = lorebook_of(settings, [mapping.take_entry(data)] if isinstance(data, dict) else [])
    scan(book, ["the dragon came", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"], fill=Macros("Ada").expand)


def targets(dice: random.Random) -> list[Target]:
    mutate = Mutator(dice)
    card = json.dumps(CARD)
    png = picture(base64.b64encode(card.encode()).decode())
    charx = archive(card, png)
    message = {
        "label": "rtvi-ai",
        "type": "client-message",
        "id": "1",
        "data": {"t": "session.metadata", "d": {"a": 1}},
    }
    start = {
        "transport": "websocket",
        "body": {"character": "ada", "metadata": {"name": "Robin", "deep": {"a": [1]}}},
    }
    entry = {
        "keys": ["/dra(gon|ke)/i", "{{char}}"],
        "secondary_keys": ["/a+b/"],
        "content": "@@depth 2\nFire",
        "use_regex": True,
    }

    def body() -> bytes:
        text = json.dumps(mutate.value(start))
        return mutate.data(text.encode()) if dice.random() < 0.3 else text.encode()

    def begin(raw: bytes) -> None:
        given = body_of(request_with(raw)).get("body", {})
        if isinstance(given, dict) and isinstance(given.get("metadata"), dict):
            merge_patch(checked_metadata(given["metadata"]), given["metadata"])

    def frame() -> bytes:
        pcm = dice.randbytes(dice.choice([0, 1, 640, 641, 9000]))
        rate = dice.choice([0, 8000, 16000, 96000, 96001, 2**31])
        made = as_frame("audio", (pcm, rate, dice.choice([0, 1, 2, 3])))
        return mutate.data(made) if dice.random() < DAMAGED else made

    def rtvi() -> bytes:
        text = json.dumps(mutate.value(message))
        text = mutate.text(text) if dice.random() < DAMAGED else text
        return as_frame("message", text.encode("utf-8", "replace").decode())

    def cards() -> bytes:
        return dice.choice([
            lambda: json.dumps(mutate.value(CARD)).encode(),
            lambda: mutate.data(png),
            lambda: mutate.data(charx),
            lambda: archive(json.dumps(mutate.value(CARD)), mutate.data(png)),
        ])()  # fmt: skip

    macros = "Hello {{user}}, {{random:a,b,{{pick:c,d}}}} {{roll:2d6}} {{metadata.a.b}} {{original}}"
    names = {"name": "Robin", "a": {"b": "{{user}}"}}
    expand = Macros("Ada", names, original="x", seed="s").expand
    origins = ["https://partner.example", "http://[::1]:8000", "https://a.example:444"]
    return [
        Target("start bodies", body, begin, (SessionError,), 200),
        Target("frames", frame, serializer.decode, (serializer.WireError,), 200),
        Target("RTVI messages", rtvi, serializer.decode, (serializer.WireError,), 200),
        Target("macros", lambda: mutate.text(macros), expand, (), 120),
        Target("origins", lambda: mutate.text(dice.choice(origins)), web_origins.parse, (), 130),
        Target(
            "tokens",
            lambda: mutate.text("x" * 43),
            lambda text: session_tokens.matches(text, "0" * 64),
            (),
            100,
        ),
        Target("cards", cards, importing.read, (CardRefused,), 25, beside_the_loop=True),
        Target("patterns", lambda: mutate.value(entry), look_up, (), 25, beside_the_loop=True),
    ]
