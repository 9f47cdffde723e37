"""A law that held only because there was no data for it does not count as held."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from checking import check_laws
from toy import law, target

from counterfoil.contract.context import LawContext
from counterfoil.contract.law import Law, LawBook
from counterfoil.contract.law_books import law_book
from counterfoil.contract.verdict import Record

ZONES = "GET /things"


def adds_up(ctx: LawContext) -> None:
    """The parts of each thing add up to its total."""
    for thing in ctx.request_json(ZONES):
        if thing["parts"] and sum(thing["parts"]) != thing["total"]:
            ctx.fail("the sum of the parts", thing)


def is_welcome(ctx: LawContext) -> None:
    """A stranger is refused."""
    ctx.request_json(ZONES, token=None, status=401)


def records(monkeypatch: pytest.MonkeyPatch, things: list[Any], *laws: Law) -> dict[str, Record]:
    monkeypatch.setattr("counterfoil.contract.runner.document_of", lambda book: {})

    def answer(request: httpx.Request) -> Any:
        return things if "Authorization" in request.headers else httpx.Response(401, json={})

    book = LawBook("toy", laws, health_check=ZONES)
    return {record.id: record for record in check_laws(book, target(answer)).records}


@pytest.mark.parametrize(
    ("things", "status"),
    [
        ([{"total": 7, "parts": []}], "not applicable"),
        ([], "not applicable"),
        ([{"total": 7, "parts": [3, 4]}], "held"),
        ([{"total": 8, "parts": [3, 4]}], "broken"),
    ],
)
def test_a_sum_of_nothing_proves_nothing(monkeypatch: pytest.MonkeyPatch, things: list[Any], status: str) -> None:
    found = records(monkeypatch, things, law(adds_up, id="toy.sum"), law(is_welcome, id="toy.auth"))
    assert found["toy.sum"].status == status
    assert ("vacuous" in found["toy.sum"].reason) == (status == "not applicable")
    assert found["toy.auth"].status == "held", "a refusal is something"


def test_a_bill_of_nothing_keeps_no_law_about_its_sums() -> None:
    """One empty bill for every organisation and month, whatever is asked: what a stateless mock answers."""
    bill = {"total": 0, "sub_total": 0, "currency": {"id": 1}, "service": [], "period": "January 1 - January 31, 2026"}

    def answer(request: httpx.Request) -> Any:
        return [] if request.url.path.endswith("/billing") else bill

    mock = target(answer, known={"org_id": ("1",)})
    found = {record.id: record for record in check_laws(law_book("emnify"), mock).records}
    held = {id for id, record in found.items() if record.status == "held" and id.startswith("emnify.sum.")}
    assert held == set()
