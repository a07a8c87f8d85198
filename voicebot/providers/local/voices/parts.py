"""Parts of a voice: weights from packages, checked against the sum that was tried."""

import hashlib
import sys
from collections.abc import Iterable
from importlib.resources.abc import Traversable
from pathlib import Path

# Of Kokoro's voices, as scripts/kokoro_voices.py makes it.
VECTORS = Path(sys.prefix) / "share" / "greenroom" / "kokoro-voices.f16"


class VoiceUnavailable(Exception):
    """A part of a voice is missing or damaged; the text says which."""


def checked(parts: Iterable[Traversable], sha256: str) -> bytes:
    """The bytes of a file that comes in parts. Raises VoiceUnavailable if they are not the right ones."""
    data = bytearray()
    name = ""
    for part in parts:
        name = name or part.name
        try:
            data += part.read_bytes()
        except OSError as error:
            raise VoiceUnavailable(f"{part.name} cannot be read ({type(error).__name__})") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise VoiceUnavailable(
            f"{name} is damaged, or of another version: its SHA-256 is not the one expected"
        )
    return bytes(data)
