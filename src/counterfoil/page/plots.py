"""Plots as SVG, drawn from the same look-ups the control API answers with: small enough that a library would be longer.

Colours and fonts come from the page's style sheet by class, so that a plot is light or dark as the page is. Meaning is
carried by length, text and pattern as well. Every plot has a title and says its numbers in words for those who cannot
see it. What is looked up is of one version of the world, whatever is done to it meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from heapq import nlargest
from typing import Any

from markupsafe import Markup

from counterfoil.control import serializers
from counterfoil.control.figures import figures
from counterfoil.ledger.billing import open_charges
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.receivables import bills_of
from counterfoil.world.world import World

WIDTH = 460
LABEL = 148
ROOM = WIDTH - LABEL - 92
ROW = 28
MOST_ROWS = 10
MOST_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: whose class of colour it has, how long it is, and what is written at its end."""

    kind: str
    value: Decimal
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    bars: tuple[Bar, ...]


def open_by_customer(world: World, currency: str) -> str:
    """What the open run would bill the customers with the largest open charges, beside their previous bill, both net."""
    rows = [
        Row(
            f"{number} · {world.party(number).name}",
            (
                Bar("open", now, f"{serializers.money(now, currency)}"),
                Bar("previous", before, f"{serializers.money(before, currency)}"),
            ),
        )
        for now, before, number in _largest(world, currency)
    ]
    return _bars("Open charges and previous bill by customer", f"{currency}, net of tax", rows)


def _largest(world: World, currency: str) -> list[tuple[Decimal, Decimal, int]]:
    """(open, previous, customer), the largest open charges first; each distinct book is worked out once."""

    def compute() -> list[tuple[Decimal, Decimal, int]]:
        cutoffs = world.ledger.open_cutoffs(world.today)
        places = world.ledger.store.slots()
        used = set(places)
        by_place: dict[int, tuple[Decimal, Decimal]] = {}
        for place, book in enumerate(world.ledger.store.states()):
            index = next((at for at, each in enumerate(book.accounts) if each.currency == currency), None)
            if place in used and index is not None:
                nets = [bill.net for bill in bills_of(book) if bill.invoice.account == index]
                by_place[place] = (open_charges(book, index, cutoffs).net, nets[-1] if nets else ZERO)
        # every book stands for somebody, so the customers wanted are among those of as many books
        best = set(nlargest(MOST_ROWS, by_place, key=by_place.__getitem__))
        mine = [(*by_place[place], -at) for at, place in enumerate(places) if place in best]
        return [(now, before, 1 - minus) for now, before, minus in nlargest(MOST_ROWS, mine)]

    return world.cached(("sandbox.page.open", currency), compute)


def ageing(world: World, currency: str) -> str:
    """What is unpaid, by how long it has been due."""
    rows = [
        Row(
            each["age"],
            (
                Bar(
                    "previous" if each["age"] == "not due" else "late",
                    Decimal(each["remaining"]),
                    f"{each['remaining']} ({each['bills']})",
                ),
            ),
        )
        for each in _of(world, currency)["ageing"]
    ]
    return _bars("Unpaid bills by age", f"{currency}, how many in brackets", rows)


def revenue(world: World, currency: str) -> str:
    """What was billed, by the month of the bills."""
    months = _of(world, currency)["revenue"][-MOST_MONTHS:]
    rows = [Row(each["month"], (Bar("open", Decimal(each["total"]), each["total"]),)) for each in months]
    return _bars("Billed by month", f"{currency}, with tax", rows)


PLOTS: dict[str, Callable[[World, str], str]] = {
    "open-by-customer": open_by_customer,
    "ageing": ageing,
    "revenue": revenue,
}


def first_currency(world: World) -> str:
    """What is drawn where nobody says in which currency, so that a browser need not ask for the figures first."""
    return next((str(each["currency"]) for each in _currencies(world)), "")


def _of(world: World, currency: str) -> dict[str, Any]:
    none: dict[str, Any] = {"ageing": [], "revenue": []}
    return next((each for each in _currencies(world) if each["currency"] == currency), none)


def _currencies(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = figures(world)["currencies"]
    return found


# --- drawing -------------------------------------------------------------------------------------


def _bars(title: str, unit: str, rows: Sequence[Row]) -> str:
    """Horizontal bars, one row below the other, each bar's number written behind it."""
    longest = max((abs(bar.value) for row in rows for bar in row.bars), default=ZERO)
    drawn = Markup("").join(_row(row, index, longest) for index, row in enumerate(rows))
    height = max(len(rows), 1) * ROW + 8
    if not rows or not longest:
        drawn = Markup('<text x="0" y="20" class="plot-none">Nothing yet.</text>')
        height = ROW + 8
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 {} {}" role="img" '
        'aria-label="{}"><title>{}</title><desc>{}</desc>'
        '<defs><pattern id="stripes" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="stripe-ground" width="5" height="5"/><rect class="stripe" width="2" height="5"/></pattern></defs>'
        "{}</svg>"
    ).format(WIDTH, height, f"{title}, {unit}. {_said(rows)}", title, _said(rows), drawn)


def _row(row: Row, index: int, longest: Decimal) -> Markup:
    top = index * ROW + 4
    thick = (ROW - 8) // len(row.bars)
    bars = Markup("").join(_bar(bar, top + at * (thick + 1), thick, longest) for at, bar in enumerate(row.bars))
    label = row.label if len(row.label) <= 21 else row.label[:20] + "…"
    return Markup('<g><text x="{}" y="{}" class="plot-label">{}</text>{}</g>').format(
        LABEL - 10, top + ROW // 2, label, bars
    )


def _bar(bar: Bar, top: int, thick: int, longest: Decimal) -> Markup:
    length = float(abs(bar.value) / longest) * ROOM if longest else 0.0
    size = "plot-number" if thick > 12 else "plot-number small"
    return Markup(
        '<rect class="plot-bar {}" x="{}" y="{}" width="{}" height="{}" rx="1.5"/><text x="{}" y="{}" class="{}">{}</text>'
    ).format(
        bar.kind,
        LABEL,
        top,
        f"{max(length, 1.0):.1f}",
        thick,
        f"{LABEL + length + 6:.1f}",
        top + thick - 1,
        size,
        bar.text,
    )


def _said(rows: Iterable[Row]) -> str:
    said = [f"{row.label}: {', '.join(bar.text for bar in row.bars)}" for row in rows]
    return "; ".join(said)
