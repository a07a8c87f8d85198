"""Portraits: where they are kept, what is accepted, and how they are scaled."""

import io
import secrets
import struct
import zlib
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, ImageOps, UnidentifiedImageError

from characters.portraits.picture_size import size_of

MAX_BYTES = 5 * 1024 * 1024
MAX_SIDE = 4096  # pixels; a larger picture is a mistake or an attack
SIDE = 768  # pixels of the square that is kept
FORMATS = ("PNG", "JPEG", "WEBP")  # the decoders that ever see a file, whoever made it
MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp")
# What Pillow and the decoders beneath it raise of bytes that are not what they should be.
DAMAGED = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
)
NO_PICTURE = gettext_lazy("This file is not a PNG, JPEG or WebP picture, or it is damaged.")


class HasSlug(Protocol):
    """A character, of which only the address matters here."""

    slug: Any


def portrait_path(character: HasSlug, filename: str) -> str:
    """A name that nobody can guess and no cache confuses with an older portrait."""
    return f"portraits/{character.slug}-{secrets.token_hex(4)}.webp"


def opened(file: Any) -> Image.Image:
    """A picture, of which the header was read. Raises what is in DAMAGED."""
    return Image.open(file, formats=FORMATS)


def validate_portrait(file: Any) -> None:
    """Raises ValidationError unless `file` is a raster picture of a sensible size, in bytes and in pixels."""
    if file.size > MAX_BYTES:
        raise ValidationError(_("The portrait is larger than 5 MB. Scale it down and try again."))
    try:
        file.seek(0)
        size = size_of(file.read())
        if size is None:
            raise ValidationError(NO_PICTURE)
        if max(size) > MAX_SIDE:
            raise ValidationError(
                _("The portrait is over %(most)d pixels wide or high.") % {"most": MAX_SIDE}
            )
        file.seek(0)
        with opened(file) as picture:
            if picture.size != size:
                raise ValidationError(NO_PICTURE)
            picture.verify()
    except DAMAGED as error:
        raise ValidationError(NO_PICTURE) from error
    finally:
        file.seek(0)


def square(data: bytes) -> ContentFile:
    """The picture cut to a square of 768 pixels, as WebP, without the metadata it came with.

    Raises ValidationError for one that is damaged: `validate_portrait` does not decode it.
    """
    try:
        with opened(io.BytesIO(data)) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
            small = ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
    except DAMAGED as error:
        raise ValidationError(NO_PICTURE) from error
    out = io.BytesIO()
    small.save(out, "WEBP", quality=86, method=4)
    return ContentFile(out.getvalue(), name="portrait.webp")
