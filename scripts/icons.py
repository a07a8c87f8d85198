"""Draws the icons of the installed app, as PNG, in the shape of lamp.svg. `scripts/icons.py`"""

from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).resolve().parent.parent / "voicebot" / "static" / "voicebot" / "icons"
GROUND, BULB, SOCKET = "#0f1512", "#d9a441", "#a9b5ab"
UNITS, FINER = 32, 8  # of lamp.svg's view box; drawn so many times as large
# A maskable icon is cut into any shape by the system, which leaves the inner four fifths: the lamp is within.
ICONS = {"192": (192, True), "512": (512, True), "512-maskable": (512, False), "180": (180, False)}


def drawn(side: int, *, rounded: bool) -> Image.Image:
    scale = side * FINER / UNITS
    picture = Image.new("RGBA", (side * FINER, side * FINER), (0, 0, 0, 0) if rounded else GROUND)
    pen = ImageDraw.Draw(picture)

    def box(*units: float) -> list[float]:
        return [unit * scale for unit in units]

    if rounded:
        pen.rounded_rectangle(box(0, 0, UNITS, UNITS), 8 * scale, fill=GROUND)
    pen.ellipse(box(8, 6, 24, 22), fill=BULB)
    pen.rounded_rectangle(box(12, 22, 20, 27), 2 * scale, fill=SOCKET, corners=(False, False, True, True))
    return picture.resize((side, side), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (side, rounded) in ICONS.items():
        path = FOLDER / f"{name}.png"
        drawn(side, rounded=rounded).quantize(64).save(path, optimize=True)
        print(f"{path.name}: {path.stat().st_size:,} bytes")
