"""What is said or written apart from a conversation: by models that read a text and answer once."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass

from voicebot.providers.speech_to_speech.gemini.messages import (
    Json,
    content_of,
    speech_of,
    system_of,
    text_content,
    usage_of,
)
from voicebot.providers.speech_to_speech.gemini.wire import Address, generated, parts_of, reason_of
from voicebot.providers.speech_to_speech.vendor import Ended, Event, Sound, VendorLost, Wish, Words

THOUGHT_TOKENS = 1024  # that a model may spend before it writes: they count against its limit
WHOLE = ("", "STOP", "FINISH_REASON_UNSPECIFIED")  # https://ai.google.dev/api/generate-content#FinishReason


@dataclass(frozen=True)
class Apart:
    """`speech_model` says a text word for word in `voice`, `text_model` writes."""

    address: Address
    text_model: str
    speech_model: str
    voice: str

    async def events(self, wish: Wish) -> AsyncIterator[Event]:
        """The reply that is wished for, up to its end."""
        usage, failure, came, reason = None, "", False, ""
        try:
            async for piece in generated(self.address, self._model(wish), self._request(wish)):
                usage = piece.get("usageMetadata") or usage
                reason = reason_of(piece) or reason
                for part in parts_of(piece):
                    if part.get("text") and not part.get("thought") and not wish.exactly:
                        came = True
                        yield Words(wish.key, part["text"])
                    if sound := part.get("inlineData"):
                        came = True
                        yield Sound(wish.key, wish.key, samples(base64.b64decode(sound["data"])))
            if not came:
                failure = f"the vendor answers nothing ({reason or 'no reason given'})"
            elif reason not in WHOLE:
                failure = f"the vendor ends the answer ({reason})"
        except VendorLost as error:
            failure = str(error)
        yield Ended(wish.key, failure, usage_of(usage))

    def _model(self, wish: Wish) -> str:
        return self.speech_model if wish.exactly else self.text_model

    def _request(self, wish: Wish) -> Json:
        if wish.exactly:
            config: Json = {"responseModalities": ["AUDIO"], "speechConfig": speech_of(self.voice)}
            return {"contents": [text_content("user", wish.exactly)], "generationConfig": config}
        contents = [content_of(message) for message in wish.apart or ()]
        request: Json = {"contents": contents or [text_content("user", ".")]}
        if wish.instructions:
            request["systemInstruction"] = system_of(wish.instructions)
        if wish.most_tokens:
            request["generationConfig"] = {"maxOutputTokens": wish.most_tokens + THOUGHT_TOKENS}
        return request


def samples(sound: bytes) -> bytes:
    """PCM without the WAV file around it that newer models send, whose length may not be known yet."""
    if sound[:4] != b"RIFF" or sound[8:12] != b"WAVE":
        return sound
    at = 12
    while at + 8 <= len(sound):
        name, size = sound[at : at + 4], int.from_bytes(sound[at + 4 : at + 8], "little")
        at += 8
        if name == b"data":
            return sound[at : at + size] if size else sound[at:]
        at += size + size % 2  # chunks begin at even places
    return b""
