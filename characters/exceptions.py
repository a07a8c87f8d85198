"""Errors of characters. Messages quote nobody's conversation."""

import lzma
import struct
import zipfile
import zlib

# What zipfile and the decompressors beneath it raise of bytes that are not what they should be.
DAMAGED_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    ValueError,
)


class CharacterError(Exception):
    """Base of the family."""

    quotable = True


class CharacterNotFound(CharacterError):
    """There is no published character of that address."""

    def __init__(self, slug: str):
        super().__init__(f"There is no character at the address {slug[:80]!r}.")


class VersionImmutable(CharacterError):
    """A published version was to be changed."""

    def __init__(self) -> None:
        super().__init__("A published version does not change. Publish a new one.")


class NotPublishable(CharacterError):
    """A draft lacks something that a published character needs. The message says what.

    `field` is the form's, where that can be mended; empty if there is none.
    """

    def __init__(self, message: str, field: str = ""):
        super().__init__(message)
        self.field = field


class CannotSpeak(CharacterError):
    """A voice could not be heard. The message says why."""


class CardRefused(CharacterError):
    """A file is no character card, or none that is safe to take in. The message says why."""
