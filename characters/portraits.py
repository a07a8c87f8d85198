"""Portraits: where they are kept, what is accepted, and how they are scaled."""

import io
import secrets
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image, ImageOps, UnidentifiedImageError

if TYPE_CHECKING:
    from characters.models import Character

MAX_BYTES = 5 * 1024 * 1024
MAX_SIDE = 4096  # pixels; a larger picture is a mistake or an attack
SIDE = 768  # pixels of the square that is kept


def portrait_path(character: "Character", filename: str) -> str:
    """A name that nobody can guess and no cache confuses with an older portrait."""
    return f"portraits/{character.slug}-{secrets.token_hex(4)}.webp"


def validate_portrait(file: Any) -> None:
    """Raises ValidationError unless `file` is a raster picture of a sensible size."""
    if file.size > MAX_BYTES:
        raise ValidationError("The portrait is larger than 5 MB. Scale it down and try again.")
    try:
        file.seek(0)
        with Image.open(file, formats=["PNG", "JPEG", "WEBP"]) as picture:
            if max(picture.size) > MAX_SIDE:
                raise ValidationError(f"The portrait is over {MAX_SIDE} pixels wide or high.")
            picture.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValidationError("This file is not a PNG, JPEG or WebP picture.") from error
    finally:
        file.seek(0)


def square(data: bytes) -> ContentFile:
    """The picture cut to a square of 768 pixels, as WebP, without the metadata it came with."""
    with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "WEBP"]) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        small = ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=86, method=4)
    return ContentFile(out.getvalue(), name="portrait.webp")
