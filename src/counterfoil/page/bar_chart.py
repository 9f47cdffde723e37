"""Horizontal bar charts as SVG.

Colours and fonts come from the page's style sheet by class, so that a chart is light or dark like the page. Its title
and description state the numbers in words, for screen readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

WIDTH = 460
LABEL_WIDTH = 148
BAR_WIDTH = WIDTH - LABEL_WIDTH - 92
ROW_HEIGHT = 28
MAX_LABEL = 21


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its CSS class, its value, and the text at its end."""

    css_class: str
    value: Decimal
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A label and the bars beside it."""

    label: str
    bars: tuple[Bar, ...]


def bar_chart(title: str, unit: str, rows: Sequence[Row]) -> str:
    """The chart as an SVG document; with no rows, or only zeros, it says so."""
    longest = max((abs(bar.value) for row in rows for bar in row.bars), default=Decimal(0))
    drawn = Markup("").join(_row(row, index, longest) for index, row in enumerate(rows))
    height = max(len(rows), 1) * ROW_HEIGHT + 8
    if not rows or not longest:
        drawn = Markup('<text x="0" y="20" class="plot-none">Nothing yet.</text>')
        height = ROW_HEIGHT + 8
    description = _description(rows)
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 {} {}" role="img" '
        'aria-label="{}"><title>{}</title><desc>{}</desc>'
        '<defs><pattern id="stripes" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="stripe-ground" width="5" height="5"/><rect class="stripe" width="2" height="5"/></pattern></defs>'
        "{}</svg>"
    ).format(WIDTH, height, f"{title}, {unit}. {description}", title, description, drawn)


def _row(row: Row, index: int, longest: Decimal) -> Markup:
    top = index * ROW_HEIGHT + 4
    thickness = (ROW_HEIGHT - 8) // len(row.bars)
    bars = Markup("").join(_bar(bar, top + at * (thickness + 1), thickness, longest) for at, bar in enumerate(row.bars))
    label = row.label if len(row.label) <= MAX_LABEL else row.label[: MAX_LABEL - 1] + "…"
    return Markup('<g><text x="{}" y="{}" class="plot-label">{}</text>{}</g>').format(
        LABEL_WIDTH - 10, top + ROW_HEIGHT // 2, label, bars
    )


def _bar(bar: Bar, top: int, thickness: int, longest: Decimal) -> Markup:
    length = float(abs(bar.value) / longest) * BAR_WIDTH if longest else 0.0
    return Markup(
        '<rect class="plot-bar {}" x="{}" y="{}" width="{}" height="{}" rx="1.5"/><text x="{}" y="{}" class="{}">{}</text>'
    ).format(
        bar.css_class,
        LABEL_WIDTH,
        top,
        f"{max(length, 1.0):.1f}",
        thickness,
        f"{LABEL_WIDTH + length + 6:.1f}",
        top + thickness - 1,
        "plot-number" if thickness > 12 else "plot-number small",
        bar.text,
    )


def _description(rows: Iterable[Row]) -> str:
    return "; ".join(f"{row.label}: {', '.join(bar.text for bar in row.bars)}" for row in rows)
