"""A world's timeline: past commands from its history, and future events from its ledger.

Future events are those that are certain without another command: runs in progress, bills becoming due, tokens expiring,
and the next actions of simulated customers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from counterfoil.api import Json
from counterfoil.control.serializers import money
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.periods import start_of
from counterfoil.ledger.receivables import bills_of
from counterfoil.ledger.runs import BillingRun, RunStatus
from counterfoil.ledger.scheduler import PRODUCED_IN, QUEUED_FOR, next_action_at, next_due_at
from counterfoil.plain_text import counted
from counterfoil.world.commands import AdvanceClock, Command, write_command
from counterfoil.world.history import Entry
from counterfoil.world.timestamps import format_timestamp
from counterfoil.world.to_json import to_json
from counterfoil.world.world import World

Event = tuple[datetime, dict[str, Json]]


# --- the past ------------------------------------------------------------------------------------


def past(world: World, offset: int, limit: int) -> list[dict[str, Json]]:
    """Entries of the world's history, newest first; ``number`` counts them from 1, the scenario's own included."""
    last = len(world.history) - offset
    numbers = range(last, max(last - limit, 0), -1)
    return [_history_entry(world, number, world.history[number - 1]) for number in numbers]


def names(world: World, entries: Sequence[Mapping[str, Json]]) -> dict[str, str]:
    """The names of the customers that entries of the history are about, by number."""
    numbers = {entry["command"].get("customer") for entry in entries}
    numbers |= {entry["fact"] for entry in entries if entry["command"]["command"] == "add_customer"}
    known = range(1, world.ledger.customers + 1)
    return {
        str(number): world.contact_of(number).name for number in numbers if isinstance(number, int) and number in known
    }


def _history_entry(world: World, number: int, entry: Entry) -> dict[str, Json]:
    return {
        "number": number,
        "at": format_timestamp(entry.at),
        "by": "scenario" if number <= world.scenario_length else "command",
        "command": write_command(entry.command),
        "fact": to_json(entry.fact),
        "meanwhile": _meanwhile(world, entry) if isinstance(entry.command, AdvanceClock) else [],
        "currency": _currency(world, entry.command),
    }


def _currency(world: World, command: Command) -> str | None:
    """The currency of a command's amount; None without an amount."""
    if getattr(command, "amount", None) is None:
        return None
    accounts = world.ledger.state_of(getattr(command, "customer", 0)).accounts
    return accounts[getattr(command, "account", 0)].currency


def _meanwhile(world: World, entry: Entry) -> list[dict[str, Json]]:
    """The steps that billing runs took while the clock advanced."""
    events: list[Event] = []
    for run in world.ledger.runs.values():
        for moment, verb in ((run.commenced_at, "started"), (run.completed_at, "completed")):
            if moment is not None and entry.at < moment <= entry.fact:
                events.append(
                    (moment, {"at": format_timestamp(moment), "what": f"{_name(run)} {verb}", "run": run.number})
                )
    return [event for _, event in sorted(events, key=lambda pair: pair[0])]


# --- the future ----------------------------------------------------------------------------------


def future(world: World) -> list[dict[str, Json]]:
    """The future events, soonest first."""
    return world.cached(
        "control.future", lambda: [event for _, event in sorted(_future_events(world), key=lambda e: e[0])]
    )


def next_automatic_event(world: World) -> dict[str, Json] | None:
    """The next change of the ledger without a command, and its time; None if there is none."""
    moment = next_due_at(world.ledger)
    if moment is None:
        return None
    what = [event["what"] for at, event in (*_run_steps(world), *_customer_actions(world)) if at == moment]
    return {"at": format_timestamp(max(moment, world.now)), "what": "; ".join(what)}


def run_step(run: BillingRun) -> Event | None:
    """The next step of a requested run; None if there is none."""
    if run.status is RunStatus.REQUESTED and run.requested_at:
        moment, verb, kind = run.requested_at + QUEUED_FOR, "starts", "run_starts"
    elif run.status is RunStatus.RUNNING and run.commenced_at:
        moment, verb, kind = run.commenced_at + PRODUCED_IN, "completes", "run_completes"
    else:
        return None
    return moment, {"at": format_timestamp(moment), "kind": kind, "what": f"{_name(run)} {verb}", "run": run.number}


def _future_events(world: World) -> Iterator[Event]:
    yield from _run_steps(world)
    yield from _planned(world)
    yield from _customer_actions(world)
    yield from _becoming_due(world)
    yield from _expiring(world)


def _run_steps(world: World) -> Iterator[Event]:
    return (event for run in world.ledger.runs.values() if (event := run_step(run)))


def _planned(world: World) -> Iterator[Event]:
    """Pending runs with an invoice date today or later; nothing happens then unless bills are requested."""
    for run in world.ledger.runs.values():
        if run.status is RunStatus.PENDING and run.invoice_date and run.invoice_date >= world.today:
            moment = max(start_of(run.invoice_date), world.now)
            what = f"{_name(run)} is dated; request its bills"
            yield moment, {"at": format_timestamp(moment), "kind": "run_planned", "what": what, "run": run.number}


def _customer_actions(world: World) -> Iterator[Event]:
    customers: dict[datetime, int] = {}
    for state, refcount in world.ledger.store.unique_states():
        moment = next_action_at(state)
        if moment is not None:
            customers[moment] = customers.get(moment, 0) + refcount
    for moment, count in customers.items():
        what = f"scheduled: usage and payments of {counted(count, 'customer')}"
        yield moment, {"at": format_timestamp(moment), "kind": "habits", "what": what, "count": count}


def _becoming_due(world: World) -> Iterator[Event]:
    """Bills that are not fully paid, by due date; they are overdue once that day has begun."""
    due: dict[date, dict[str, tuple[int, Decimal]]] = {}
    for state, refcount in world.ledger.store.unique_states():
        for bill in bills_of(state):
            if bill.remaining and start_of(bill.invoice.due_on) >= world.now:
                day = due.setdefault(bill.invoice.due_on, {})
                count, amount = day.get(bill.invoice.currency, (0, ZERO))
                day[bill.invoice.currency] = (count + refcount, amount + refcount * bill.remaining)
    for day_due, by_currency in due.items():
        amounts = {currency: money(amount, currency) for currency, (_, amount) in sorted(by_currency.items())}
        count = sum(count for count, _ in by_currency.values())
        owed = ", ".join(f"{amount} {currency}" for currency, amount in amounts.items())
        moment = start_of(day_due)
        yield (
            moment,
            {
                "at": format_timestamp(moment),
                "kind": "bills_due",
                "what": f"{counted(count, 'bill')} due: {owed}",
                "count": count,
                "amounts": amounts,
            },
        )


def _expiring(world: World) -> Iterator[Event]:
    """Valid access tokens by API and expiry, without their values."""
    expiring: dict[tuple[datetime, str], int] = {}
    for token in world.tokens:
        if token.expires_at > world.now:
            expiring[token.expires_at, token.api] = expiring.get((token.expires_at, token.api), 0) + 1
    for (moment, api), count in expiring.items():
        what = f"{counted(count, 'access token')} of {api} {'expires' if count == 1 else 'expire'}"
        yield (
            moment,
            {"at": format_timestamp(moment), "kind": "token_expires", "what": what, "api": api, "count": count},
        )


def _name(run: BillingRun) -> str:
    return f"run {run.number} ({run.name})" if run.name else f"run {run.number}"
