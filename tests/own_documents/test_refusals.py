"""A body or parameter that fits no alternative of an own document is refused in one line: where, what, and what is allowed."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.own_documents.checked import verdict
from tests.own_documents.served import DOCUMENTS, served

DOCUMENT = DOCUMENTS / "teller.yaml"
CARD = {"kind": "card", "number": "4242"}


@pytest.fixture(scope="module")
def teller() -> httpx.Client:
    return served(DOCUMENT, rows=3)


@pytest.mark.parametrize(
    ("body", "said", "where"),
    [
        # the discriminator says which alternative is meant
        ({"to": {"kind": "card"}}, 'to.number is required in the body (for kind "card")', "/to/number"),
        (
            {"to": {"kind": "card", "number": "1"}},
            'to.number in the body: the value is shorter than 4 characters (for kind "card")',
            "/to/number",
        ),
        ({"to": {"kind": "bank", "number": "4242"}}, 'to.iban is required in the body (for kind "bank")', "/to/iban"),
        (
            {"to": {"kind": "bank", "iban": "X", "holder": {"born": "May"}}},
            'to.holder.born in the body: the value is not a "date": write it as in 2026-01-31 (for kind "bank")',
            "/to/holder/born",
        ),
        (
            {"to": {"kind": "cheque", "number": "4242"}},
            'to.kind in the body: the value is not one of "card" or "bank"',
            "/to/kind",
        ),
        ({"to": {"number": "4242"}}, 'to.kind is required in the body; it is one of "card" or "bank"', "/to/kind"),
        ({"to": "card"}, 'to in the body: the value is not of type "object"', "/to"),
        (
            {"to": CARD, "also": [CARD, {"kind": "bank"}]},
            'also[1].iban is required in the body (for kind "bank")',
            "/also/1/iban",
        ),
        # nothing says it: the nearest, or what all say
        ({"to": CARD, "memo": {"text": 5}}, 'memo.text in the body: the value is not of type "string"', "/memo/text"),
        ({"to": CARD, "memo": 5}, 'memo in the body: the value is not of type "object" or "string"', "/memo"),
        ({"to": CARD, "limit": 0}, "limit in the body: the value is less than the minimum of 1", "/limit"),
        (
            {"to": CARD, "period": {"unit": "month", "days": 3}},
            "period.months is required in the body (for the nearest of 2 alternatives)",
            "/period/months",
        ),
        (
            {"to": CARD, "period": {"unit": "year", "years": 3}},
            'period.unit in the body: the value is not one of "day" or "month"',
            "/period/unit",
        ),
        ({"to": CARD, "contact": {}}, 'contact in the body: one of "email" or "phone" is required', "/contact"),
        (
            {"to": CARD, "share": 7},
            "share in the body: the value fits more than one of the alternatives, and may fit only one",
            "/share",
        ),
    ],
)
def test_what_fits_no_alternative_is_refused_for_what_is_wrong_in_it(
    teller: httpx.Client, body: Any, said: str, where: str
) -> None:
    refused = teller.post("/payouts", json=body)
    assert (refused.status_code, refused.json()) == (400, {"message": said, "field": where})


def test_a_parameter_with_alternatives_says_what_is_allowed(teller: httpx.Client) -> None:
    assert (
        teller.get("/quotes", params={"rate": "0"}).json()["message"] == "rate: the value is less than the minimum of 1"
    )
    refused = teller.get("/quotes", params={"rate": "worst"}).json()["message"]
    assert refused == 'rate: the value is not one of "best" or "fixed"'
    assert teller.get("/quotes", params={"rate": "best"}).status_code == 200


def test_an_id_that_nothing_can_have_is_unknown_where_the_document_has_404_and_no_status_for_what_is_invalid() -> None:
    document = DOCUMENTS / "stable.yaml"
    with served(document, rows=3) as stable:
        for path, field in (("/horses/abc", "id"), ("/horses/1.5", "id"), ("/saddles/12", "key")):
            refused = stable.get(path)
            assert (refused.status_code, refused.json()) == (404, {"code": "not_found", "field": field})
        assert stable.get("/horses/1").status_code == 200
        assert stable.get("/horses/1?depth=abc").status_code == 400, "what is wrong is not the path"
        assert stable.put("/horses/abc", json={"id": 1}).status_code == 400, "it is documented"
        assert stable.delete("/horses/abc").status_code == 400, "nothing else is"
    assert verdict(document)["findings"] == []
