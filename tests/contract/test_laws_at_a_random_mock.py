"""Hardly any law holds at a stateless mock with random responses of the documented shape. A law that holds there does not test
behaviour. These laws are listed here, with what they test instead.
"""

from __future__ import annotations

import httpx
import pytest
from checking import check_laws
from random_responder import RandomResponder

from counterfoil.contract import Target
from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.law_books import document, law_book, law_book_names

KNOWN = {"flexprice": {"id": ("cust_1", "cust_2", "cust_3")}, "emnify": {"org_id": ("1", "2", "3")}}
LOGINS = {"elevate": {"username": "a", "password": "b"}, "emnify": {"application_token": "token"}}
SEEDS = range(12)
"""Some laws hold at a random mock by chance: each must be broken by one of so many."""

SHAPE = "is about the shape of a response, which the document gives"
OPEN = "is about a request that must succeed, and here every request does"
DRAWN = "is about ids that are unique, and ids drawn at random are"
HOLD = {
    "billingplatform.runs.unique": DRAWN,
    "billingplatform.runs.id-is-text": SHAPE,
    "billingplatform.runs.status": SHAPE,
    "elevate.summary.id-is-integer": SHAPE,
    "elevate.summary.unique": DRAWN,
    "elevate.summary.billing-status": SHAPE,
    "elevate.summary.rating-status": SHAPE,
    "elevate.auth.login": OPEN,
    "emnify.bill.charges": DRAWN,
    "emnify.bill.forms": SHAPE,
    "emnify.bill.optional": SHAPE,
    "emnify.bill.instants": SHAPE,
    "emnify.errors.media-type": SHAPE,
    "emnify.auth.login": OPEN,
    "emnify.auth.ignored-header": OPEN,
    "flexprice.answer.members": SHAPE,
    "flexprice.answer.currencies": DRAWN,
    "flexprice.summary.decimals": SHAPE,
    "flexprice.headers.accept": OPEN,
    "oracle-brm.bill.unique": DRAWN,
    "oracle-brm.bill.number-unique": DRAWN,
    "oracle-brm.bill.required": SHAPE,
    "oracle-brm.bill.parties": DRAWN,
    "oracle-brm.bill.states": SHAPE,
    "oracle-brm.bill.run-type": SHAPE,
    "oracle-brm.object.required": SHAPE,
    "oracle-brm.rate.unique": DRAWN,
    "oracle-brm.errors.media-type": SHAPE,
    "oracle-brm.errors.never-500": OPEN,
}


def held_everywhere(api: str) -> set[str]:
    """The laws of an API that hold at every random mock. No further mock is tried once all of these are listed."""
    held = held_at(api, SEEDS[0])
    for seed in SEEDS[1:]:
        if held <= set(HOLD):
            break
        held &= held_at(api, seed)
    return held


def held_at(api: str, seed: int) -> set[str]:
    """The laws of an API that hold at the random mock of that seed."""
    target = Target(
        "http://mock.test/v1",
        "key-of-the-mock",
        forbidden="another-key",
        login=LOGINS.get(api),
        transport=httpx.MockTransport(RandomResponder(document(api), "/v1", seed)),
        known=KNOWN.get(api, {}),
        disposable=True,
    )
    verdict = check_laws(law_book(api), target, writes=True, effort=EffortLevel(6, seed, False))
    return {record.id for record in verdict.records if record.status == "held"}


@pytest.mark.parametrize("api", law_book_names())
def test_a_random_mock_keeps_no_law_about_behaviour(api: str) -> None:
    assert sorted(held_everywhere(api) - set(HOLD)) == []


def test_few_laws_are_listed() -> None:
    """What is not listed is broken by a random mock, as the test above says."""
    laws = sum(len(law_book(api).laws) for api in law_book_names())
    assert len(HOLD) < laws / 10
