"""Charts of the desk as SVG: drawn by the server, readable without scripts, each with a table beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 320, 150  # of a chart's own units, which are as wide as a telephone
LEFT, TOP, BOTTOM = 6, 14, 18  # about the bars
GAP_SHARE = 0.3  # of a bar's place
ROW = 30  # the height of a lying bar's place
UNKNOWN_HEIGHT = 8  # of the mark for what is not known


@dataclass(frozen=True)
class Figure:
    """What a bar shows: its label, its height, the figure in words, whether more of it is unknown."""

    label: str
    value: float
    said: str
    unknown: bool = False


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    figure: Figure
    text_x: float
    text_y: float
    shows_label: bool = True
    unknown_y: float = 0.0


@dataclass(frozen=True)
class Chart:
    title: str
    bars: Sequence[Bar]
    head: tuple[str, str]
    height: int
    most: str = ""
    lying: bool = False

    width: int = WIDTH

    @property
    def base(self) -> int:
        return self.height - BOTTOM


def standing(title: str, head: tuple[str, str], figures: Sequence[Figure]) -> Chart:
    """Bars side by side, as of days; every third has its label."""
    most = max((figure.value for figure in figures), default=0.0)
    place = (WIDTH - 2 * LEFT) / max(1, len(figures))
    room = HEIGHT - TOP - BOTTOM
    bars = []
    for number, figure in enumerate(figures):
        high = room * figure.value / most if most else 0.0
        x, wide = LEFT + (number + GAP_SHARE / 2) * place, place * (1 - GAP_SHARE)
        y = HEIGHT - BOTTOM - high
        bars.append(
            Bar(
                round(x, 1),
                round(y, 1),
                round(wide, 1),
                round(high, 1),
                figure,
                text_x=round(x + wide / 2, 1),
                text_y=HEIGHT - 5,
                shows_label=(len(figures) - 1 - number) % 3 == 0,
                unknown_y=round(max(TOP - UNKNOWN_HEIGHT, y - UNKNOWN_HEIGHT - 1), 1),
            )
        )
    highest = max(figures, key=lambda figure: figure.value, default=None)
    return Chart(title, bars, head, HEIGHT, most=highest.said if highest and most else "")


def lying(title: str, head: tuple[str, str], figures: Sequence[Figure]) -> Chart:
    """Bars below each other, each under its own label, as of characters."""
    most = max((figure.value for figure in figures), default=0.0)
    bars = [
        Bar(
            LEFT,
            number * ROW + 17,
            round(max(1.0, (WIDTH - 2 * LEFT) * figure.value / most), 1) if most else 1.0,
            8,
            figure,
            text_x=LEFT,
            text_y=number * ROW + 13,
        )
        for number, figure in enumerate(figures)
    ]
    return Chart(title, bars, head, ROW * max(1, len(figures)) + 4, lying=True)
