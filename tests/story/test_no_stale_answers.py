"""No response is stale: after any writes, every response is equal to the one computed without any cache.

Hypothesis generates writes (every kind of command that changes what is owed, switches, forks) and sends the same requests to
all five APIs after each. Every request is sent twice, with and without the caches; the two responses must be equal to the byte,
headers included. The writes are the same in every run.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conftest import KEY
from counterfoil.app import Application, build
from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.errors import LedgerError
from counterfoil.ledger.payments import PaymentState
from counterfoil.ledger.store import AccountStore
from counterfoil.ledger.tariffs import Service
from counterfoil.lookup import load_apis
from counterfoil.testing.in_process import InProcessTransport
from counterfoil.world import commands as c
from counterfoil.world.state import WorldState
from counterfoil.world.world import World

ALONE, SHARING = 14, 12
CUSTOMERS = ALONE + SHARING
PREFIXES = {api.name: api.prefix for api in load_apis(())}
SWITCHES = {
    "elevate.difference_sign": ("signed", "absolute"),
    "elevate.percentage_without_base": ("zero", "null"),
    "elevate.values": ("net", "gross"),
    "elevate.like": ("contains", "case_sensitive"),
    "oracle-brm.comma_is_or": (False, True),
    "oracle-brm.like_percent": ("zero-or-more", "one-or-more"),
    "emnify.empty_period": (404, 200),
    "flexprice.subscription_status": ("active", "all-but-cancelled"),
}


@pytest.fixture(scope="module")
def application() -> Application:
    """Twenty-six customers, twelve of which share their states with each other and the first four."""
    application = build(scenario_name="demo", customers=ALONE)
    application.world.execute(cast(c.Command, Populate()))
    return application


class Populate:
    """A command that adds customers who share the first four customers' states."""

    def apply(self, state: WorldState) -> None:
        states = [state.ledger.state_of(number) for number in range(1, 5)]
        state.populate(states, [slot % 4 for slot in range(SHARING)], ["DE", "FR", "AT", "US"])


@pytest.fixture(scope="module")
def client(application: Application) -> Iterator[httpx.Client]:
    # Flexprice repeats a request id that it is given, and makes up one otherwise.
    keys = {"Authorization": f"Bearer {KEY}", "x-api-key": KEY, "x-request-id": "00000000-0000-4000-8000-000000000000"}
    with httpx.Client(
        transport=InProcessTransport(application.server), base_url="http://counterfoil.test", headers=keys, timeout=60
    ) as client:
        yield client


@contextmanager
def nothing_known_before() -> Iterator[None]:
    """Disable the caches: every request computes its values from the states."""
    known: dict[Any, Any] = {}

    def recall(key: Any, compute: Any) -> Any:
        if key not in known:
            known[key] = compute()
        return known[key]

    def customers_in(store: AccountStore, slot: int) -> array[int]:
        return array("I", (number for number, at in enumerate(store.slots(), 1) if at == slot))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(World, "cached", lambda self, key, compute: recall(key, compute))
        patch.setattr(AccountState, "cached", lambda self, name, terms, compute: recall((self, name, terms), compute))
        patch.setattr(AccountStore, "customers_in", customers_in)
        yield


# --- questions -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    api: str
    path: str

    def of(self, client: httpx.Client, world: str) -> tuple[Any, ...]:
        answer = client.get(f"/w/{world}{PREFIXES[self.api]}{self.path}")
        return answer.status_code, answer.headers.multi_items(), answer.content


def _query(path: str, **names: Any) -> str:
    return f"{path}?{urlencode({name: value for name, value in names.items() if value is not None})}"


def _maybe(*values: Any) -> st.SearchStrategy[Any]:
    """One of the values, or None with probability one half: with every filter set, nothing would be found."""
    return st.sampled_from((None,) * len(values) + values)


def _number(most: int = CUSTOMERS + 3) -> st.SearchStrategy[int]:
    return st.integers(1, most)


_KEYS = [
    f"{name}{direction}"
    for name in ("customerId", "billingStatus", "ratingStatus", "openBillRunValue", "previousBillRunValue")
    for direction in ("", ":desc")
] + ["valueDifference", "percentageDifference:desc"]

SUMMARIES = st.builds(
    lambda page, size, sort, **filters: Asked(
        "elevate",
        _query(
            "/customer-billing-summaries",
            page=page,
            pageSize=size,
            sort=",".join(dict.fromkeys(sort)) or None,
            **filters,
        ),
    ),
    st.integers(1, 3),
    st.sampled_from((3, 7, 100)),
    st.lists(st.sampled_from(_KEYS), max_size=3),
    billingStatus=_maybe("ACTIVE", "like:i", "in:CEASED,NEVER_BILLED", "FIRST_INVOICE"),
    ratingStatus=_maybe("COMPLETE", "INCOMPLETE"),
    valueDifference=_maybe("0", "like:.5", "like:-"),
    customerId=_maybe("like:1", "in:1,2,21", "7"),
    fields=_maybe("customerId,openBillRunValue"),
)
BILLS = st.builds(
    lambda low, high, state, number, after, account, kind, limit, offset, fields: Asked(
        "oracle-brm",
        _query(
            "/customerBill",
            **{
                "amountDue.value.gte": low,
                "remainingAmount.value.lt": high,
                "state": state,
                "billNo.like": number,
                "lastUpdate.gt": after,
                "billingAccount.id": account,
                "@type": kind,
                "limit": limit,
                "offset": offset,
                "fields": fields,
            },
        ),
    ),
    _maybe("0", "8.5", "12"),
    _maybe("0.01", "20", "100"),
    _maybe("new", "settled", "inProgress", "partiallyPaid", "onHold"),
    _maybe("B2-%", "%1", "B1-3,B2-3"),
    _maybe("2026-01-15T00:00:00Z"),
    _maybe("A-000003", "A-000021"),
    _maybe("CustomerBill", "CustomerBillOracle"),
    _maybe(5, 30),
    _maybe(0, 4, 50),
    _maybe("billNo,amountDue", "state,remainingAmount,financialAccount", "none"),
)
MONTHS = st.sampled_from((202512, 202601, 202602))
OTHERS = st.one_of(
    st.builds(
        lambda n, month: Asked("emnify", f"/organisation/{n}/billing/{month}"),
        _number(),
        st.sampled_from((202512, 202601, 202602)),
    ),
    st.builds(lambda n: Asked("emnify", f"/organisation/{n}/billing"), _number()),
    st.builds(lambda n: Asked("flexprice", f"/customers/cust_{n:08d}/invoices/summary"), _number()),
    st.builds(lambda n: Asked("billingplatform", f"/billingRuns/{n}"), st.integers(1, 8)),
    st.just(Asked("billingplatform", "/billingRuns/")),
    st.builds(lambda n: Asked("oracle-brm", f"/customerBill/B2-{n}"), _number()),
    st.builds(lambda n: Asked("oracle-brm", f"/appliedCustomerBillingRate?billingAccount.id=A-{n:06d}"), _number()),
    st.just(Asked("oracle-brm", "/appliedCustomerBillingRate?isBilled=false")),
    st.just(Asked("oracle-brm", "/customerBillOnDemand")),
)
WIDE = (
    Asked("elevate", "/customer-billing-summaries?page=1&pageSize=100&sort=billingStatus,ratingStatus:desc"),
    Asked("elevate", "/customer-billing-summaries?page=1&pageSize=100&sort=openBillRunValue:desc&billingStatus=like:e"),
    Asked("oracle-brm", "/customerBill?amountDue.value.gte=0&remainingAmount.value.lt=100"),
)
"""Asked in every story: they show whatever changes."""
QUESTIONS = st.tuples(SUMMARIES, BILLS, OTHERS).map(lambda drawn: WIDE + drawn)


# --- deeds ---------------------------------------------------------------------------------------

FORK = "fork"
_AMOUNT = st.sampled_from([Decimal(text) for text in ("0.01", "1", "4.37", "12.5")])
_RUN = st.integers(4, 7)  # those that are not complete, one that is, and the next to be made
_RUN_DATES = st.fixed_dictionaries(
    {},
    optional={
        "invoice_date": st.sampled_from([date(2026, 2, 1), date(2026, 3, 1)]),
        "cutoff_date": st.sampled_from([date(2026, 1, 10), date(2026, 2, 1)]),
        "due_date": st.just(date(2026, 3, 20)),
        "name": st.just("Spring"),
    },
)
_OF_BILL = st.fixed_dictionaries({"customer": _number(), "bill": st.integers(1, 7)})


def _one(kind: Any, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, customer=_number(), **given)


USE = st.one_of(
    _one(c.RecordUsage, country=st.sampled_from(("DE", "FR", "US")), quantity=_AMOUNT, rated=st.booleans()),
    _one(c.RecordUsage, country=st.just("DE"), quantity=_AMOUNT, service=st.just(Service.SMS)),
    _one(c.RateAgain),
    _one(c.AddCharge, description=st.just("Repair"), amount=_AMOUNT | st.just(Decimal("-3.20"))),
)
MONEY = st.one_of(
    st.builds(lambda of, **more: c.RecordPayment(**of, **more), _OF_BILL, amount=st.none() | _AMOUNT),
    st.builds(lambda of: c.RecordPayment(**of, state=PaymentState.PENDING), _OF_BILL),
    st.builds(lambda of, **more: c.IssueCreditNote(**of, **more), _OF_BILL, amount=st.none() | _AMOUNT),
    st.builds(lambda of: c.ApplyCredit(**of), _OF_BILL),
    _one(c.ResolvePayment, payment=st.integers(1, 7), succeeded=st.booleans()),
    _one(c.RefundPayment, payment=st.integers(1, 7)),
    st.builds(lambda of: c.HoldBill(**of), _OF_BILL),
    st.builds(lambda of: c.ReleaseBill(**of), _OF_BILL),
    st.builds(lambda of: c.CancelBill(**of), _OF_BILL),
)
PEOPLE = st.one_of(
    _one(c.CancelSubscription),
    _one(c.PauseSubscription),
    _one(c.ResumeSubscription),
    st.builds(c.AddCustomer, billed_to=st.none() | _number(), name=st.none() | st.just("Ida")),
)
RUNS = st.one_of(
    st.builds(lambda dates: c.CreateRun(**dates), _RUN_DATES),
    st.builds(lambda run, dates: c.UpdateRun(run=run, **dates), _RUN, _RUN_DATES),
    st.builds(lambda run: c.RequestBills(run=run), _RUN),
    _one(c.RequestBill, minutes=st.sampled_from((0, 5)), rated_only=st.booleans()),
)
# Six hours lead to noon, when customers by habit use services: states change, and the date does not.
STEPS = ({"minutes": 1}, {"minutes": 5}, {"hours": 6}, {"days": 1}, {"days": 16})
CLOCK = st.sampled_from([c.AdvanceClock(**step) for step in STEPS])
CHOICES = st.sampled_from(
    [c.SetSwitch(name=name, value=value) for name, values in SWITCHES.items() for value in values]
)
DEEDS = st.one_of(st.just(FORK), USE, MONEY, PEOPLE, RUNS, RUNS, CLOCK, CHOICES, CHOICES)


# --- the story -----------------------------------------------------------------------------------

_TEXTS = Asked("oracle-brm", "/customerBill?billNo.like=B5-%25,B4-%25")
_EVERYTHING_ELSE = [
    FORK,
    c.AddCharge(customer=9, description="Repair", amount=Decimal("12.5")),
    c.AddCharge(customer=ALONE + SHARING, description="Repair", amount=Decimal("4.37")),
    c.SetSwitch(name="elevate.values", value="gross"),
    c.SetSwitch(name="elevate.difference_sign", value="absolute"),
    c.SetSwitch(name="elevate.like", value="case_sensitive"),
    c.SetSwitch(name="oracle-brm.comma_is_or", value=True),
    c.UpdateRun(run=6, cutoff_date=date(2026, 1, 10), invoice_date=date(2026, 1, 15)),
    c.AdvanceClock(days=1),
]
"""A fork that shares with what it came from; then whatever answers depend on besides states, one after the other."""


@example((*WIDE, _TEXTS), _EVERYTHING_ELSE)
@settings(max_examples=18, derandomize=True, database=None, deadline=None)
@given(QUESTIONS, st.lists(DEEDS, min_size=5, max_size=8))
def test_every_answer_is_what_it_would_be_without_any_memory(
    application: Application, client: httpx.Client, questions: tuple[Asked, ...], deeds: list[Any]
) -> None:
    worlds = application.worlds
    names = ["story"]
    worlds.fork("story", "default")
    try:
        _all_hold(client, questions, names)
        for turn, deed in enumerate(deeds):
            of_interest = names[-2:]  # a fork and what it came from: changed by turns, asked both
            if deed == FORK:
                names.append(f"story-{len(names)}")
                worlds.fork(names[-1], names[-2])
            else:
                with suppress(LedgerError):
                    worlds.named(of_interest[turn % len(of_interest)]).execute(deed)
            _all_hold(client, questions, names[-2:])
    finally:
        for name in names:
            worlds.delete(name)


def _all_hold(client: httpx.Client, questions: tuple[Asked, ...], names: list[str]) -> None:
    remembered = [asked.of(client, name) for name in names for asked in questions]
    for (name, asked), answer in zip(itertools.product(names, questions), remembered, strict=True):
        with nothing_known_before():
            assert answer == asked.of(client, name)
    assert all(status < 500 for status, *_ in remembered)
