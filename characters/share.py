"""The picture that other pages show with a link to a character: portrait, name and tagline in our light."""

import io
from functools import lru_cache

from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image, ImageDraw, ImageFont

from characters.sheet import Sheet

WIDTH, HEIGHT = 1200, 630  # what link previews are made for
SIDE, MARGIN = 430, 90
GROUND, TEXT, MUTED, BRASS = "#0f1512", "#eef2ec", "#a9b5ab", "#d9a441"
SERIF, SANS = "voicebot/fonts/fraunces.woff2", "voicebot/fonts/inter.woff2"
CACHE_SECS = 24 * 3600
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def url(sheet: Sheet) -> str:
    return reverse("share", args=[sheet.slug, sheet.version])


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


def _portrait(sheet: Sheet, path: str) -> Image.Image | None:
    if not path or not default_storage.exists(path):
        return None
    with default_storage.open(path) as file, Image.open(file) as picture:
        return picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def image(sheet: Sheet) -> bytes:
    """The picture of a published character as PNG."""
    key = f"characters:share:2:{sheet.slug}:{sheet.version}"
    data: bytes | None = cache.get(key)
    if data is None:
        data = draw(sheet)
        cache.set(key, data, CACHE_SECS)
    return data


def draw(sheet: Sheet) -> bytes:
    canvas = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    pen = ImageDraw.Draw(canvas)
    top = (HEIGHT - SIDE) // 2
    circle = (MARGIN, top, MARGIN + SIDE, top + SIDE)
    media = default_storage.url("")
    portrait = _portrait(sheet, sheet.portrait_url.removeprefix(media))
    if portrait is not None:
        mask = Image.new("L", (SIDE * 2, SIDE * 2), 0)
        ImageDraw.Draw(mask).ellipse((0, 0, SIDE * 2, SIDE * 2), fill=255)
        canvas.paste(portrait, circle[:2], mask.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    else:
        letter = sheet.name[:1].upper()
        middle = (MARGIN + SIDE // 2, HEIGHT // 2)
        pen.text(middle, letter, font=_font(SERIF, 200), fill=BRASS, anchor="mm")
    pen.arc((circle[0] - 16, circle[1] - 16, circle[2] + 16, circle[3] + 16), 180, 360, fill=BRASS, width=6)
    left, room = MARGIN + SIDE + 70, WIDTH - (MARGIN + SIDE + 70) - 60
    name, tagline = _font(SERIF, 72), _font(SANS, 34)
    rows = [(line, name, TEXT, 84) for line in _lines(sheet.name, name, room, 2)]
    rows += [(line, tagline, MUTED, 48) for line in _lines(sheet.tagline, tagline, room, 3)]
    rows.append(("Talk with me in the Greenroom", _font(SANS, 26), BRASS, 70))
    at = (HEIGHT - sum(height for *_, height in rows)) // 2
    for line, font, colour, height in rows:
        pen.text((left, at + height), line, font=font, fill=colour, anchor="ls")
        at += height
    out = io.BytesIO()
    canvas.save(out, "PNG", optimize=True)
    return out.getvalue()
