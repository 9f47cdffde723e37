"""Horizontal bar charts as SVG that are readable at any width.

Lengths along a bar are percentages, and text keeps its size: a chart as wide as a phone has the same letters as a wide one.
Colours and fonts come from the page's style sheet by class, so that a chart is light or dark like the page. Its title
and description state the numbers in words, for screen readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

LABEL_HEIGHT = 20
BAR_HEIGHT = 14
ROW_GAP = 10
MAX_BAR_WIDTH = 68
"""Per cent of the width; the number is shown after the bar."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its CSS class, its value, and the text at its end."""

    css_class: str
    value: Decimal
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A label and the bars below it."""

    label: str
    bars: tuple[Bar, ...]

    @property
    def height(self) -> int:
        return LABEL_HEIGHT + BAR_HEIGHT * len(self.bars) + ROW_GAP


def bar_chart(title: str, unit: str, rows: Sequence[Row]) -> str:
    """The chart as an SVG document; without values, the text ``Nothing yet.``"""
    longest = max((abs(bar.value) for row in rows for bar in row.bars), default=Decimal(0))
    height, drawn = 0, Markup()
    for row in rows if longest else ():
        drawn += _row(row, height, longest)
        height += row.height
    if not height:
        height, drawn = LABEL_HEIGHT + ROW_GAP, Markup('<text x="0" y="18" class="plot-none">Nothing yet.</text>')
    description = _description(rows)
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="plot" width="100%" height="{}" role="img" '
        'aria-label="{}"><title>{}</title><desc>{}</desc>'
        '<defs><pattern id="stripes" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="stripe-ground" width="5" height="5"/><rect class="stripe" width="2" height="5"/></pattern></defs>'
        "{}</svg>"
    ).format(height, f"{title}, {unit}. {description}", title, description, drawn)


def _row(row: Row, top: int, longest: Decimal) -> Markup:
    first = top + LABEL_HEIGHT
    bars = Markup("").join(_bar(bar, first + at * BAR_HEIGHT, longest) for at, bar in enumerate(row.bars))
    return Markup('<g><text x="0" y="{}" class="plot-label">{}</text>{}</g>').format(first - 6, row.label, bars)


def _bar(bar: Bar, top: int, longest: Decimal) -> Markup:
    length = max(float(abs(bar.value) / longest) * MAX_BAR_WIDTH, 0.4) if bar.value else 0.0
    return Markup(
        '<rect class="plot-bar {}" x="0" y="{}" width="{}%" height="{}" rx="2"/>'
        '<text x="{}%" dx="6" y="{}" class="plot-number">{}</text>'
    ).format(bar.css_class, top, f"{length:.1f}", BAR_HEIGHT - 3, f"{length:.1f}", top + BAR_HEIGHT - 4, bar.text)


def _description(rows: Iterable[Row]) -> str:
    return "; ".join(f"{row.label}: {', '.join(bar.text for bar in row.bars)}" for row in rows)
