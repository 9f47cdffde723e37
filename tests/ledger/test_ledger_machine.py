"""Hypothesis executes random commands of every kind, valid and invalid, in a small world and checks the invariants.

Checked after each step: balances are invoices less credit notes and payments plus refunds, every amount is
allocated once, issued invoices never change, nothing used or charged is lost or billed twice, a refused command changed
nothing, a fork never sees its sibling. At the end the commands, written as JSON and read again, must make an equal world.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.documents import FeeLine, Invoice, UsageLine
from counterfoil.ledger.errors import LedgerError
from counterfoil.ledger.payments import PaymentState
from counterfoil.ledger.receivables import balance, bills_of
from counterfoil.ledger.tariffs import Service
from counterfoil.world import commands as do
from counterfoil.world.scenario_loader import read_scenario
from counterfoil.world.scenario_runner import run_scenario
from counterfoil.world.switches import Switch
from counterfoil.world.world import World

SCENARIO = read_scenario(Path(__file__).with_name("machine.yaml"))
SWITCH = Switch("test.colour", "A switch to turn.", "red", ("red", "blue"), "none")
CENTS = {"EUR": Decimal("0.01"), "JPY": Decimal(1)}

# Some numbers past the last customer, subscription or run there is likely to be, so that refusals happen too.
customers = st.integers(1, 10)
few = st.integers(1, 3)
picks = st.integers(0, 12)
accounts = st.sampled_from([0, 0, 0, 1])
days = st.dates(date(2025, 12, 1), date(2026, 7, 1))
maybe_days = st.none() | days
amounts = st.decimals(Decimal("-9.99"), Decimal("40.00"), places=2) | st.integers(0, 3000).map(Decimal)


def new_world() -> World:
    return run_scenario(SCENARIO, known_switches=[SWITCH])


def states(world: World) -> list[AccountState]:
    return [world.ledger.state_of(number) for number in range(1, world.ledger.customers + 1)]


def state(world: World) -> dict[str, Any]:
    """The state that equal worlds have in common, as values that later commands do not change."""
    return {
        "states": states(world),
        "runs": dict(world.ledger.runs),
        "paid for": [world.ledger.payees_of(number) for number in range(1, world.ledger.customers + 1)],
        "now": world.now,
        "switches": dict(world.switches),
        "tokens": list(world.tokens),
        "failed logins": world.tokens.failures("emnify"),
        "parties": dict(world.identity_overrides),
        "done": list(world.commands),
        "facts": [entry.fact for entry in world.history],
        "version": world.version,
    }


class LedgerMachine(RuleBasedStateMachine):
    """A world, a fork that no command changes, and its invoices as they were when issued."""

    @initialize(months=st.integers(0, 2))
    def open(self, months: int) -> None:
        """The scenario's world after some billed months."""
        self.world = new_world()
        self.issued: dict[tuple[int, int, int], Invoice] = {}
        self.sibling: World | None = None
        self.sibling_was: dict[str, Any] = {}
        for _ in range(months):
            self.execute(do.AdvanceClock(months=1))
            self.bill_everything_now(customer=1, tail=2)

    def execute(self, command: do.Command) -> None:
        """Execute a command: it changes its customer only, and nothing if it is refused."""
        before = state(self.world)
        try:
            self.world.execute(command)
        except LedgerError as error:
            refusal = error.message
        else:
            assert self.world.commands[-1] == command
            assert self.world.version == before["version"] + 1
            if (customer := getattr(command, "customer", None)) is not None:
                changed = [
                    n
                    for n, (was, now) in enumerate(zip(before["states"], states(self.world), strict=True), 1)
                    if was != now
                ]
                assert changed in ([], [customer])
            return
        assert refusal
        assert "\n" not in refusal
        assert state(self.world) == before

    # --- commands --------------------------------------------------------------------------------

    @rule(tariff=st.sampled_from([None, "basic", "yen", "none"]), starts=maybe_days, payer=st.none() | customers)
    def add_customer(self, tariff: str | None, starts: date | None, payer: int | None) -> None:
        self.execute(do.AddCustomer(tariff=tariff, starts=starts, billed_to=payer))

    @rule(customer=customers, tariff=st.sampled_from(["basic", "yen"]), sims=st.integers(0, 3), starts=maybe_days)
    def subscribe(self, customer: int, tariff: str, sims: int, starts: date | None) -> None:
        self.execute(do.Subscribe(customer=customer, tariff=tariff, sims=sims, starts=starts))

    @rule(kind=st.sampled_from([do.PauseSubscription, do.ResumeSubscription]), customer=customers, number=few)
    def pause_or_resume(self, kind: Any, customer: int, number: int) -> None:
        self.execute(kind(customer=customer, subscription=number))

    @rule(customer=customers, number=few, ends=maybe_days)
    def cancel_subscription(self, customer: int, number: int, ends: date | None) -> None:
        self.execute(do.CancelSubscription(customer=customer, subscription=number, ends=ends))

    @rule(
        customer=customers,
        service=st.sampled_from(Service),
        country=st.sampled_from(["DE", "US", "JP", "FR"]),
        quantity=st.integers(0, 25).map(Decimal),
        hours_ago=st.integers(-1, 24 * 40),
        rated=st.booleans(),
    )
    def record_usage(
        self, customer: int, service: Service, country: str, quantity: Decimal, hours_ago: int, rated: bool
    ) -> None:
        started_at = self.world.now - timedelta(hours=hours_ago)
        self.execute(
            do.RecordUsage(
                customer=customer,
                service=service,
                country=country,
                quantity=quantity,
                started_at=started_at,
                rated=rated,
            )
        )

    @rule(customer=customers)
    def rate_again(self, customer: int) -> None:
        self.execute(do.RateAgain(customer=customer))

    @rule(customer=customers, amount=amounts, dated=maybe_days, account=accounts)
    def add_charge(self, customer: int, amount: Decimal, dated: date | None, account: int) -> None:
        self.execute(do.AddCharge(customer=customer, description="Visit", amount=amount, dated=dated, account=account))

    @rule(
        invoiced=maybe_days,
        cutoff=maybe_days,
        through=maybe_days,
        due=maybe_days,
        group=st.sampled_from([None, "north"]),
    )
    def create_run(
        self, invoiced: date | None, cutoff: date | None, through: date | None, due: date | None, group: str | None
    ) -> None:
        self.execute(
            do.CreateRun(
                invoice_date=invoiced,
                cutoff_date=cutoff,
                transaction_cutoff_date=through,
                due_date=due,
                subrun=group,
            )
        )

    @rule(run=few, name=st.sampled_from(["January", None]), invoiced=maybe_days, cutoff=maybe_days)
    def update_run(self, run: int, name: str | None, invoiced: date | None, cutoff: date | None) -> None:
        self.execute(do.UpdateRun(run=run, name=name, invoice_date=invoiced, cutoff_date=cutoff))

    @rule(run=few)
    def request_bills(self, run: int) -> None:
        self.execute(do.RequestBills(run=run))

    @rule(customer=customers, tail=st.integers(0, 3))
    def bill_everything_now(self, customer: int, tail: int) -> None:
        """Bill everything with a run without cutoffs, produced at once, so that there are bills to pay."""
        self.execute(do.AddCharge(customer=customer, description="Visit", amount=Decimal(15)))
        self.execute(do.CreateRun(invoice_date=self.world.today))
        self.execute(do.RequestBills(run=max(self.world.ledger.runs)))
        self.execute(do.AdvanceClock(minutes=3 + tail))

    @rule(
        pick=picks,
        amount=st.none() | amounts,
        state=st.sampled_from(PaymentState),
        overpay=st.booleans(),
        further=st.just(()) | st.tuples(few) | st.tuples(few, few),
    )
    def pay(
        self, pick: int, amount: Decimal | None, state: PaymentState, overpay: bool, further: tuple[int, ...]
    ) -> None:
        self.execute(
            do.RecordPayment(
                **self.a_bill(pick),
                amount=amount,
                state=state,
                overpay=overpay,
                further_bills=further,
                method="credit note",
            )
        )

    @rule(
        pick=picks,
        amount=st.none() | amounts,
        lines=st.just(()) | st.tuples(few).map(lambda found: (do.CreditedLine(line=found[0]),)),
    )
    def credit(self, pick: int, amount: Decimal | None, lines: Any) -> None:
        self.execute(do.IssueCreditNote(**self.a_bill(pick), amount=amount, lines=lines))

    @rule(pick=picks, amount=st.none() | amounts, source=st.none() | few, note=st.none() | few)
    def apply_credit(self, pick: int, amount: Decimal | None, source: int | None, note: int | None) -> None:
        self.execute(do.ApplyCredit(**self.a_bill(pick), amount=amount, payment=source, credit_note=note))

    @rule(pick=picks, succeeded=st.booleans())
    def resolve(self, pick: int, succeeded: bool) -> None:
        self.execute(do.ResolvePayment(**self.a_payment(pick), succeeded=succeeded))

    # Whole numbers: that a refund of 0.01 JPY is refused is told in test_billing.
    @rule(pick=picks, amount=st.none() | st.integers(0, 2000).map(Decimal))
    def refund(self, pick: int, amount: Decimal | None) -> None:
        self.execute(do.RefundPayment(**self.a_payment(pick), amount=amount))

    @rule(kind=st.sampled_from([do.HoldBill, do.ReleaseBill, do.CancelBill]), pick=picks)
    def hold_release_or_cancel(self, kind: Any, pick: int) -> None:
        self.execute(kind(**self.a_bill(pick)))

    def a_bill(self, pick: int) -> dict[str, int]:
        """The number of an existing bill, or of a missing one if ``pick`` is 0 or there are none."""
        there = [
            {"customer": number, "account": invoice.account, "bill": invoice.ordinal}
            for number, state in enumerate(states(self.world), 1)
            for invoice in state.invoices
        ]
        return there[pick % len(there)] if there and pick else {"customer": 1, "account": 0, "bill": 99}

    def a_payment(self, pick: int) -> dict[str, int]:
        there = [
            {"customer": number, "payment": payment.ordinal}
            for number, state in enumerate(states(self.world), 1)
            for payment in state.payments
        ]
        return there[-(pick % len(there))] if there and pick else {"customer": 1, "payment": 99}

    @rule(value=st.sampled_from(["red", "blue", "green"]))
    def set_switch(self, value: str) -> None:
        self.execute(do.SetSwitch(name="test.colour", value=value))

    @rule(minutes=st.integers(1, 300), succeeded=st.booleans())
    def log_in(self, minutes: int, succeeded: bool) -> None:
        self.execute(do.NoteLogin(api="emnify", succeeded=succeeded))
        self.execute(do.IssueToken(api="emnify", key="counterfoil-key", minutes=minutes))

    # --- time and forks --------------------------------------------------------------------------

    @rule(first=st.integers(0, 40 * 24 * 60), second=st.integers(0, 20 * 24 * 60))
    def advance_in_one_step_and_in_two(self, first: int, second: int) -> None:
        twin = self.world.fork("twin")
        twin.execute(do.AdvanceClock(minutes=first))
        twin.execute(do.AdvanceClock(minutes=second))
        self.execute(do.AdvanceClock(minutes=first + second))
        assert states(twin) == states(self.world)
        assert (twin.now, twin.ledger.runs) == (self.world.now, self.world.ledger.runs)

    @rule()
    def turn_back_the_clock(self) -> None:
        self.execute(do.AdvanceClock(to=self.world.now - timedelta(seconds=1)))

    @rule()
    def fork(self) -> None:
        self.sibling = self.world.fork("sibling")
        self.sibling_was = state(self.sibling)
        assert self.sibling_was == state(self.world)

    @precondition(lambda self: self.sibling is not None)
    @rule(customer=st.integers(1, 8))
    def change_only_the_sibling(self, customer: int) -> None:
        assert self.sibling is not None
        before = state(self.world)
        for command in (
            do.AddCustomer(tariff="basic"),
            do.AddCharge(customer=customer, description="Theirs", amount=Decimal(5)),
            do.CreateRun(invoice_date=self.sibling.today),
            do.RequestBills(run=max(self.sibling.ledger.runs, default=0) + 1),
            do.AdvanceClock(days=3),
            do.IssueToken(api="emnify", key="theirs", minutes=9),
            do.SetSwitch(name="test.colour", value="blue"),
        ):
            self.sibling.execute(command)
        self.sibling_was = state(self.sibling)
        assert state(self.world) == before

    # --- what must hold --------------------------------------------------------------------------

    @invariant()
    def the_sibling_is_as_it_was(self) -> None:
        if self.sibling is not None:
            assert state(self.sibling) == self.sibling_was

    @invariant()
    def every_amount_is_allocated_once(self) -> None:
        """A bill's total is what covers it and what remains; a source's amount what it covers and what is left."""
        for state in states(self.world):
            kept = state.receivables
            for bill in bills_of(state):
                assert bill.total == bill.paid + bill.credited + bill.remaining
                assert min(bill.remaining, bill.overpaid, bill.refunded, bill.creditable) >= 0
                assert sum(note.net for note in bill.credit_notes) <= bill.net
                assert sum(note.tax for note in bill.credit_notes) <= bill.tax
                assert bill.is_cancelled == (bill.credited == bill.total and bill.refunded == 0 == bill.creditable)
            for source in (*state.payments, *state.credit_notes):
                assert kept.unallocated(source) >= 0
            for refund in state.refunds:
                assert refund.amount == sum(each.amount for each in kept.allocations if each.refund == refund.ordinal)
            for payment in state.payments:
                refunds = [refund.amount for refund in state.refunds if refund.payment == payment.ordinal]
                assert payment.refunded == sum(refunds) <= payment.amount
                assert payment.state is PaymentState.SUCCEEDED or not any(a.is_from(payment) for a in kept.allocations)

    @invariant()
    def balances_are_invoices_less_credit_less_payments_plus_refunds(self) -> None:
        for state in states(self.world):
            for account, kept in enumerate(state.accounts):
                invoiced = sum((total(invoice) for invoice in state.invoices if invoice.account == account), Decimal(0))
                received = [p for p in state.payments if p.account == account and p.state is PaymentState.SUCCEEDED]
                paid = sum((payment.amount for payment in received), Decimal(0))
                refunded = sum((payment.refunded for payment in received), Decimal(0))
                credited = sum((n.total for n in state.credit_notes if n.account == account), Decimal(0))
                assert balance(state, account) == invoiced - credited - paid + refunded
                assert balance(state, account) % CENTS[kept.currency] == 0

    @invariant()
    def issued_invoices_never_change(self) -> None:
        found = {
            (number, invoice.account, invoice.ordinal): replace(invoice, held_at=None, released_at=None)
            for number, state in enumerate(states(self.world), 1)
            for invoice in state.invoices
        }
        assert {key: found.get(key) for key in self.issued} == self.issued
        self.issued = found

    @invariant()
    def nothing_is_lost_or_billed_twice(self) -> None:
        for state in states(self.world):
            records = [*state.usage, *(record for invoice in state.invoices for record in invoice.usage)]
            assert sorted(record.ordinal for record in records) == list(range(1, state.usage_count + 1))
            for invoice in state.invoices:
                priced = [ordinal for line in invoice.lines if isinstance(line, UsageLine) for ordinal in line.records]
                assert sorted(priced) == sorted(record.ordinal for record in invoice.usage)
            billed = [line.charge.ordinal for line in lines(state) if hasattr(line, "charge")]
            assert sorted([*billed, *(c.ordinal for c in state.charges)]) == list(range(1, state.charge_count + 1))
            fees = Counter((line.subscription, line.dated) for line in lines(state) if isinstance(line, FeeLine))
            assert not fees or max(fees.values()) == 1

    @invariant()
    def a_run_comes_to_the_sum_of_its_invoices(self) -> None:
        for number in self.world.ledger.runs:
            for currency in CENTS:
                invoices = [invoice for state in states(self.world) for invoice in state.invoices]
                mine = [i for i in invoices if i.run == number and i.currency == currency]
                assert billed_by_run(self.world, number, currency) == sum(map(total, mine), Decimal(0))

    def teardown(self) -> None:
        """The commands, decoded from JSON, make an equal world."""
        if not hasattr(self, "world"):
            return
        capsule = json.dumps([do.write_command(command) for command in self.world.commands])
        again = new_world()
        for command in json.loads(capsule):
            again.execute(do.read_command(command))
        assert state(again) == state(self.world)


def lines(state: AccountState) -> list[Any]:
    return [line for invoice in state.invoices for line in invoice.lines]


def billed_by_run(world: World, run: int, currency: str) -> Decimal:
    """What a run billed, summed over the states that customers share."""
    bills = ((bill, customers) for state, customers in world.ledger.store.unique_states() for bill in bills_of(state))
    mine = [
        (bill.total, count) for bill, count in bills if (bill.invoice.run, bill.invoice.currency) == (run, currency)
    ]
    return sum((amount * count for amount, count in mine), Decimal(0))


def total(invoice: Invoice) -> Decimal:
    """Net and tax, each rounded half up: computed again from the lines."""
    cent = CENTS[invoice.currency]
    net = sum((line.amount for line in invoice.lines), Decimal(0)).quantize(cent, ROUND_HALF_UP)
    return net + (net * invoice.tax_rate / 100).quantize(cent, ROUND_HALF_UP)


LedgerMachine.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLedgerMachine = LedgerMachine.TestCase
