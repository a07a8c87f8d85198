"""Writes the page's fonts: of Fraunces and Inter, what the page shows. `scripts/fonts.py [FOLDER]`

The packages of the client hold whole families: every weight from 100 to 900, optical sizes, figures for
fractions. Visitors load the weights and letters in use, at less than half of the bytes. Both fonts are under
the SIL Open Font License 1.1 without reserved names, so changed versions may keep theirs.
"""

import io
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "voicebot" / "client" / "node_modules" / "@fontsource-variable"
FONTS = ROOT / "voicebot" / "static" / "voicebot" / "fonts"
FEATURES = ["kern", "tnum"]  # pairs of letters; figures of one width for what changes while one looks


class Cut(NamedTuple):
    """What is kept of a font: of its axes so much. Two weights of Fraunces would take ten kilobytes more."""

    family: str
    file: str
    axes: dict[str, float | tuple[float, float]]


CUTS = (
    Cut("fraunces", "fraunces-latin-standard-normal.woff2", {"wght": 440, "opsz": 36}),
    Cut("inter", "inter-latin-wght-normal.woff2", {"wght": (400, 600)}),
)


def _opened(data: bytes) -> TTFont:
    font = TTFont(io.BytesIO(data))
    if "gvar" in font:  # which leaves out glyphs that no axis changes, where the subsetter looks for all
        for glyph in font.getGlyphOrder():
            font["gvar"].variations.setdefault(glyph, [])
    return font


def _saved(font: TTFont, flavor: str | None) -> bytes:
    out = io.BytesIO()
    font.flavor = flavor
    font.save(out, reorderTables=False)
    return out.getvalue()


def cut(how: Cut) -> bytes:
    """The font as WOFF2."""
    font = _opened((PACKAGES / how.family / "files" / how.file).read_bytes())
    font = _opened(_saved(instancer.instantiateVariableFont(font, how.axes), None))
    options = subset.Options(layout_features=FEATURES, hinting=False, notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=font.getBestCmap())  # the package's own choice: Latin, with its punctuation
    subsetter.subset(font)
    font["head"].modified = font["head"].created  # the same bytes every time
    return _saved(font, "woff2")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for how in CUTS:
        data = cut(how)
        (folder / f"{how.family}.woff2").write_bytes(data)
        shutil.copyfile(PACKAGES / how.family / "LICENSE", folder / f"{how.family}-OFL.txt")
        print(f"{how.family}: {len(data):,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FONTS)
