"""Client input: what one client sends, limited and decoded."""

from typing import Any

from django.conf import settings

from voicebot.connection.rate_limits import TooMuchTooEarly
from voicebot.ops import TokenBucket, TooMuch
from voicebot.transport import serializer


class ClientInput:
    """Limits by bytes until the client is admitted, from then on by messages and by seconds of audio."""

    def __init__(self) -> None:
        self.admitted = False
        self._early_bytes = 0
        self._messages = TokenBucket(5 * settings.MESSAGES_PER_SEC, settings.MESSAGES_PER_SEC)
        self._sound = TokenBucket(settings.AUDIO_BURST_SECS, settings.AUDIO_SECS_PER_SEC)

    def decode(self, message: dict[str, Any]) -> serializer.Audio | dict[str, Any]:
        """Audio, or an RTVI message, of ASGI's `websocket.receive`. Raises LimitReached, WireError."""
        data = message.get("bytes")
        if not self.admitted:
            self._limit_early(len(data or message.get("text") or ""))
        if data is None:
            raise serializer.WireError(serializer.UNSUPPORTED_DATA, "no text frames: send Pipecat protobuf")
        item = serializer.decode(data)
        self._charge(item)
        return item

    def count(self, item: serializer.Audio | dict[str, Any], size: int) -> None:
        """The same limits for what came decoded, in so many bytes. Raises LimitReached."""
        if not self.admitted:
            self._limit_early(size)
        self._charge(item)

    def _limit_early(self, size: int) -> None:
        self._early_bytes += size
        if self._early_bytes > settings.BYTES_BEFORE_AUTHENTICATION:
            raise TooMuchTooEarly

    def _charge(self, item: serializer.Audio | dict[str, Any]) -> None:
        """Counts audio by how long it sounds, in however many messages it comes. Raises TooMuch."""
        if isinstance(item, serializer.Audio):
            enough = self._sound.take(max(item.secs, serializer.LEAST_SECS))
        else:
            enough = self._messages.take(1)
        if not enough:
            raise TooMuch
