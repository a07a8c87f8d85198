"""Share image: what other pages show with a link to a character: portrait, name and tagline."""

import io
from functools import lru_cache

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image, ImageDraw, ImageFont

from characters.pages import public_text
from characters.portraits import opened, path_of
from characters.spec import CharacterSpec

WIDTH, HEIGHT = 1200, 630  # what link previews are made for
SIDE, MARGIN = 430, 90
GROUND, TEXT, MUTED, BRASS = "#0f1512", "#eef2ec", "#a9b5ab", "#d9a441"
PICTURE_CACHE_SECS = 24 * 3600
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def url(spec: CharacterSpec) -> str:
    return reverse("share", args=[spec.slug, spec.version])


@lru_cache(maxsize=8)
def _font(name: str, size: int) -> Font:
    path = finders.find(name)
    return ImageFont.truetype(str(path), size) if path else ImageFont.load_default(size)


def _lines(text: str, font: Font, width: int, most: int) -> list[str]:
    """`text` broken into at most so many lines of at most `width` pixels."""
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1].rstrip(",;:.") + "…"]
    return lines


def _portrait(spec: CharacterSpec, path: str) -> Image.Image | None:
    if not path or not default_storage.exists(path):
        return None
    with default_storage.open(path) as file, opened(file) as picture:
        return picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def image(spec: CharacterSpec) -> bytes:
    """The picture of a published character as PNG."""
    key = f"characters:share:2:{spec.slug}:{spec.version}"
    data: bytes | None = cache.get(key)
    if data is None:
        data = draw(spec)
        cache.set(key, data, PICTURE_CACHE_SECS)
    return data


def draw(spec: CharacterSpec) -> bytes:
    canvas = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    pen = ImageDraw.Draw(canvas)
    top = (HEIGHT - SIDE) // 2
    circle = (MARGIN, top, MARGIN + SIDE, top + SIDE)
    portrait = _portrait(spec, path_of(spec.portrait_url))
    if portrait is not None:
        mask = Image.new("L", (SIDE * 2, SIDE * 2), 0)
        ImageDraw.Draw(mask).ellipse((0, 0, SIDE * 2, SIDE * 2), fill=255)
        canvas.paste(portrait, circle[:2], mask.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    else:
        letter = spec.name[:1].upper()
        middle = (MARGIN + SIDE // 2, HEIGHT // 2)
        pen.text(middle, letter, font=_font(settings.SHARE_IMAGE_SERIF, 200), fill=BRASS, anchor="mm")
    pen.arc((circle[0] - 16, circle[1] - 16, circle[2] + 16, circle[3] + 16), 180, 360, fill=BRASS, width=6)
    left, room = MARGIN + SIDE + 70, WIDTH - (MARGIN + SIDE + 70) - 60
    name, tagline = _font(settings.SHARE_IMAGE_SERIF, 72), _font(settings.SHARE_IMAGE_SANS, 34)
    rows = [(line, name, TEXT, 84) for line in _lines(spec.name, name, room, 2)]
    rows += [(line, tagline, MUTED, 48) for line in _lines(public_text.tagline(spec), tagline, room, 3)]
    rows.append(("Talk with me in the Greenroom", _font(settings.SHARE_IMAGE_SANS, 26), BRASS, 70))
    at = (HEIGHT - sum(height for *_, height in rows)) // 2
    for line, font, colour, height in rows:
        pen.text((left, at + height), line, font=font, fill=colour, anchor="ls")
        at += height
    out = io.BytesIO()
    canvas.save(out, "PNG", optimize=True)
    return out.getvalue()
