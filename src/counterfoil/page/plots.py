"""The plots of the page's overview, as SVG."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from flask import Blueprint, Response, abort, request

from counterfoil.ledger.errors import UnknownRecord
from counterfoil.page.bar_chart import Bar, Row, bar_chart
from counterfoil.page.world_reader import Json, WorldReader

MAX_CUSTOMERS = 10
MAX_MONTHS = 12


def plots(reader: WorldReader) -> Blueprint:
    """``GET /plots/{world}/{plot}.svg?currency=EUR``; without a currency, the first one of the world's figures."""
    blueprint = Blueprint("plots", __name__)

    @blueprint.get("/plots/<world>/<plot>.svg")
    def plot(world: str, plot: str) -> Response:
        draw = PLOTS.get(plot)
        if draw is None:
            abort(404, "there is no such plot")
        try:
            currency = request.args.get("currency") or _first_currency(reader, world)
            svg = draw(reader, world, currency)
        except UnknownRecord as error:  # deleted since the path was routed
            abort(404, error.message)
        response = Response(svg, mimetype="image/svg+xml")
        response.cache_control.no_store = True
        return response

    return blueprint


def open_by_customer(reader: WorldReader, world: str, currency: str) -> str:
    """The customers with the largest open charges, and their previous bill; both net."""
    rows = [
        Row(
            f"{customer['customer']} · {customer['name']}",
            (
                Bar("open", Decimal(customer["open"]), customer["open"]),
                Bar("previous", Decimal(customer["previous"]), customer["previous"]),
            ),
        )
        for customer in reader.largest_open_charges(world, currency, MAX_CUSTOMERS)
    ]
    return bar_chart("Open charges and previous bill by customer", f"{currency}, net of tax", rows)


def ageing(reader: WorldReader, world: str, currency: str) -> str:
    """Unpaid amounts, by how long they have been overdue."""
    rows = [
        Row(
            age_group["age"],
            (
                Bar(
                    "previous" if age_group["age"] == "not due" else "late",
                    Decimal(age_group["remaining"]),
                    f"{age_group['remaining']} ({age_group['bills']})",
                ),
            ),
        )
        for age_group in _figures_in(reader, world, currency)["ageing"]
    ]
    return bar_chart("Unpaid bills by age", f"{currency}, number of bills in brackets", rows)


def revenue(reader: WorldReader, world: str, currency: str) -> str:
    """Billed amounts, by the month of the bills."""
    months = _figures_in(reader, world, currency)["revenue"][-MAX_MONTHS:]
    rows = [Row(month["month"], (Bar("open", Decimal(month["total"]), month["total"]),)) for month in months]
    return bar_chart("Billed by month", f"{currency}, with tax", rows)


PLOTS: dict[str, Callable[[WorldReader, str, str], str]] = {
    "open-by-customer": open_by_customer,
    "ageing": ageing,
    "revenue": revenue,
}


def _first_currency(reader: WorldReader, world: str) -> str:
    """The default currency, so that a browser can request plots without waiting for the figures."""
    return next((str(figures["currency"]) for figures in reader.figures(world)["currencies"]), "")


def _figures_in(reader: WorldReader, world: str, currency: str) -> Json:
    empty: Json = {"ageing": [], "revenue": []}
    return next((figures for figures in reader.figures(world)["currencies"] if figures["currency"] == currency), empty)
