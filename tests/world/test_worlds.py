"""Worlds on demand: isolated, limited, deleted when idle; and capsules that rebuild them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from counterfoil.ledger.errors import BadValue, LedgerError, RuleBroken, UnknownRecord
from counterfoil.ledger.receivables import bills_of
from counterfoil.lookup import all_switches, scenario
from counterfoil.world.capsule import CapsuleError, digest_of, open_capsule, read_capsule, write_capsule
from counterfoil.world.commands import AddCustomer, AdvanceClock, RecordPayment, RecordUsage, SetSwitch, read_command
from counterfoil.world.worlds import TooManyWorlds, Worlds


@pytest.fixture
def worlds() -> Worlds:
    return Worlds(scenario, all_switches(), limit=50)


def test_forks_are_isolated(worlds: Worlds) -> None:
    first = worlds.create("first", "late-payer", customers=200)
    second = worlds.fork("second", "first")
    before = digest_of(second)
    first.execute(RecordPayment(customer=3, bill=1))
    first.execute(RecordUsage(customer=150, country="DE", quantity=Decimal(5)))
    first.execute(AddCustomer(name="New", tariff="basic"))
    first.execute(AdvanceClock(days=40))
    assert digest_of(second) == before
    assert second.ledger.customers == 200
    assert digest_of(first) != before


def test_reset_returns_to_the_end_of_the_scenario(worlds: Worlds) -> None:
    world = worlds.create("one", "late-payer")
    before, version = digest_of(world), world.version
    world.execute(RecordPayment(customer=3, bill=1))
    fresh = worlds.reset("one")
    assert digest_of(fresh) == before
    assert fresh.version > version, "answers remembered for the old version must not come back"
    assert digest_of(worlds.named("one")) == before
    assert worlds.named("one").version == fresh.version


def test_world_names_are_unique_and_plain(worlds: Worlds) -> None:
    worlds.create("one", "quiet")
    with pytest.raises(RuleBroken, match="already"):
        worlds.create("one", "quiet")
    for name in ("", "Ü", "../x", "a" * 64, "a b"):
        with pytest.raises(BadValue):
            worlds.create(name, "quiet")


def test_the_number_of_worlds_is_bounded() -> None:
    worlds = Worlds(scenario, (), limit=2)
    worlds.create("a", "quiet")
    worlds.create("b", "quiet")
    with pytest.raises(TooManyWorlds):
        worlds.create("c", "quiet")
    worlds.delete("a")
    worlds.create("c", "quiet")


def test_idle_worlds_expire() -> None:
    seconds = 0.0
    worlds = Worlds(scenario, (), seconds=lambda: seconds)
    worlds.create("short", "quiet", time_to_live=10)
    worlds.create("long", "quiet")
    seconds = 9
    assert worlds.get("short")
    seconds = 19
    assert worlds.get("short"), "using it counted"
    seconds = 30
    assert worlds.get("short") is None
    assert worlds.get("long")
    with pytest.raises(UnknownRecord):
        worlds.delete("short")


def test_the_default_world_stays(worlds: Worlds) -> None:
    worlds.create("default", "quiet")
    with pytest.raises(RuleBroken, match="reset"):
        worlds.delete("default")


def test_thirty_two_threads_on_thirty_two_worlds(worlds: Worlds) -> None:
    worlds.create("start", "late-payer", customers=60)

    def live(number: int) -> tuple[Decimal, int]:
        world = worlds.fork(f"w{number}", "start")
        for _ in range(20):
            world.execute(RecordUsage(customer=number + 1, country="DE", quantity=Decimal(number + 1)))
        used = sum((record.quantity for record in world.ledger.state_of(number + 1).usage[-20:]), Decimal(0))
        return used, len(world.commands)

    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(live, range(32))) == [(Decimal(20 * (n + 1)), 20) for n in range(32)]


def test_a_capsule_rebuilds_the_world_exactly(worlds: Worlds) -> None:
    world = worlds.create("one", "late-payer", customers=40, seed=5, switches={"billingplatform.create_status": 201})
    world.execute(RecordPayment(customer=3, bill=1, amount=Decimal("4.28")))
    world.execute(SetSwitch(name="flexprice.invoice_cap", value="none"))
    world.execute(AdvanceClock(months=1, days=3))
    again = open_capsule(read_capsule(write_capsule(world)), all_switches())
    assert digest_of(again) == digest_of(world)
    assert bills_of(again.ledger.state_of(3))[0].remaining == Decimal("10.00")


def test_a_capsule_that_does_not_fit_is_refused_in_one_line(worlds: Worlds) -> None:
    world = worlds.create("one", "late-payer")
    world.execute(RecordPayment(customer=3, bill=1))
    good = write_capsule(world)

    def refused(data: bytes) -> str:
        with pytest.raises(CapsuleError) as caught:
            open_capsule(read_capsule(data), all_switches())
        assert "\n" not in str(caught.value)
        return str(caught.value)

    capsule = json.loads(good)
    assert "not a capsule" in refused(good[: len(good) // 2])
    assert "made by counterfoil 9.9" in refused(json.dumps(capsule | {"counterfoil": "9.9"}).encode())
    assert "scenario" in refused(json.dumps(capsule | {"scenario_text": capsule["scenario_text"] + "\n# x"}).encode())
    assert "digests differ" in refused(json.dumps(capsule | {"commands": []}).encode())
    twice = capsule | {"commands": capsule["commands"] * 2}
    assert "command 2" in refused(json.dumps(twice).encode())
    assert "not a capsule" in refused(json.dumps(capsule | {"more": 1}).encode())


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"command": "record_usage", "customer": 1, "country": "DE", "quantity": "NaN"}, "quantity"),
        ({"command": "record_usage", "customer": 1, "country": "DE", "quantity": "1e40"}, "quantity"),
        ({"command": "record_usage", "customer": 99, "country": "DE", "quantity": 1}, "customer"),
        ({"command": "record_usage", "customer": 1, "country": "Germany", "quantity": 1}, "country"),
        ({"command": "record_payment", "customer": 1, "bill": 1, "amount": "99999"}, "amount"),
        ({"command": "record_payment", "customer": 1, "bill": 1, "amount": "0.001"}, "amount"),
        ({"command": "advance_clock", "to": "2020-01-01T00:00:00Z"}, "to"),
        ({"command": "advance_clock", "to": "2026-04-01T00:00:00"}, "to"),
        ({"command": "advance_clock", "days": -1}, "days"),
        ({"command": "set_switch", "name": "no.such", "value": 1}, "name"),
        ({"command": "create_run", "invoice_date": "2026-05-01", "due_date": "2026-04-01"}, "due_date"),
        ({"command": "subscribe", "customer": 1, "tariff": "gold"}, "tariff"),
        ({"command": "fly"}, None),
        ([], None),
    ],
)
def test_a_refused_command_names_its_field_and_changes_nothing(worlds: Worlds, data: object, field: str | None) -> None:
    world = worlds.create("one", "late-payer")
    before = digest_of(world)
    with pytest.raises(LedgerError) as caught:
        world.execute(read_command(data))
    assert field is None or caught.value.field == field
    assert digest_of(world) == before
    assert world.version == 0
    assert world.commands == []


def test_amounts_have_no_exponent(worlds: Worlds) -> None:
    world = worlds.create("one", "late-payer")
    world.execute(read_command({"command": "add_charge", "customer": 1, "description": "x", "amount": "0.0000000001"}))
    assert b'"amount": "0.0000000001"' in write_capsule(world)


def test_a_capsule_for_a_world_too_large_is_refused_at_once(worlds: Worlds) -> None:
    capsule = json.loads(write_capsule(worlds.create("one", "late-payer")))
    with pytest.raises(CapsuleError, match="not a capsule"):
        read_capsule(json.dumps(capsule | {"customers": 10**12}).encode())
