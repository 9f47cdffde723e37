"""A command is applied completely or not at all, and concurrent readers see one version."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import pytest

from counterfoil.lookup import all_switches, scenario
from counterfoil.world.cache import DerivedCache
from counterfoil.world.capsule import digest_of
from counterfoil.world.commands import AddCustomer, AdvanceClock, Command, IssueToken, RecordPayment, RecordUsage
from counterfoil.world.state import Grant, WorldState
from counterfoil.world.world import World
from counterfoil.world.worlds import Worlds
from counterfoil.world.write_lock import MAX_WAITING, WorldBusy


class Scripted:
    """A command whose effect the test defines."""

    def __init__(self, act: Callable[[WorldState], Any]) -> None:
        self._act = act

    def apply(self, state: WorldState) -> Any:
        return self._act(state)


def command(act: Callable[[WorldState], Any]) -> Command:
    return cast(Command, Scripted(act))


class Busy:
    """A world in which a command is half done, in another thread, until ``finish`` is called."""

    def __init__(self, world: World) -> None:
        self._half_done, self._go_on = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=world.execute, args=(command(self._act),))
        self._thread.start()
        assert self._half_done.wait(30)

    def _act(self, state: WorldState) -> None:
        AdvanceClock(days=40).apply(state)
        self._half_done.set()
        assert self._go_on.wait(30)
        AdvanceClock(days=40).apply(state)

    def finish(self) -> None:
        self._go_on.set()
        self._thread.join()


@pytest.fixture
def worlds() -> Worlds:
    return Worlds(scenario, all_switches())


def facts(world: World) -> tuple[Any, ...]:
    return digest_of(world), world.version, world.now, len(world.history), dict(world.grants)


def test_an_unexpected_error_half_way_leaves_nothing_changed_and_nothing_recorded(worlds: Worlds) -> None:
    world = worlds.create("one", "late-payer")
    before = facts(world)

    def fail_after_everything(state: WorldState) -> None:
        AddCustomer(name="Half", tariff="basic").apply(state)
        AdvanceClock(months=2).apply(state)
        RecordPayment(customer=3, bill=1).apply(state)
        IssueToken(api="elevate", key="counterfoil-key", minutes=5).apply(state)
        state.grants = {**state.grants, "half": Grant("half", None, None)}
        state.populate([state.ledger.state_of(1)], [0], ["DE"])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.execute(command(fail_after_everything))
    assert facts(world) == facts(worlds.named("one")) == before
    assert world.execute(AddCustomer(name="Whole")) == world.ledger.customers
    assert [type(each).__name__ for each in world.commands] == ["AddCustomer"]


def test_an_error_inside_a_clock_that_advances_leaves_the_clock_where_it_was(
    worlds: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = worlds.create("one", "demo", customers=30)
    before, moved = facts(world), worlds.fork("moved", "one")
    moved.execute(AdvanceClock(months=3))
    invoiced = 0

    def fail_at_the_tenth_account(self: Any, **changes: Any) -> Any:
        nonlocal invoiced
        invoiced += 1
        if invoiced == 10:
            raise MemoryError
        return replaced(self, **changes)

    account = type(world.ledger.state_of(1))
    replaced = account.replace
    monkeypatch.setattr(account, "replace", fail_at_the_tenth_account)
    with pytest.raises(MemoryError):
        world.execute(AdvanceClock(months=3))
    monkeypatch.undo()
    assert facts(worlds.named("one")) == before
    world.execute(AdvanceClock(months=3))
    assert digest_of(world) == digest_of(moved)


def test_a_reader_during_a_long_command_sees_one_version_and_does_not_wait(worlds: Worlds) -> None:
    worlds.create("one", "demo", customers=30)
    other = worlds.fork("two", "one")
    before = facts(worlds.named("one"))
    busy = Busy(worlds.named("one"))
    reader = worlds.named("one")
    assert facts(reader) == before
    assert reader.write_may_block()
    assert not other.write_may_block()
    other.execute(RecordUsage(customer=1, country="DE", quantity=Decimal(3)))
    assert facts(worlds.named("one")) == before
    busy.finish()
    assert facts(reader) == before, "the view that was taken before stays what it was"
    after = worlds.named("one")
    assert (after.version, (after.now - before[2]).days) == (1, 80)
    assert facts(reader.latest()) == facts(after)
    assert other.version == 1


def test_a_writer_reads_its_own_changes_and_those_of_others(worlds: Worlds) -> None:
    first = worlds.create("one", "demo", customers=30)
    second = worlds.named("one")
    first.execute(AddCustomer(name="First"))
    assert second.ledger.customers == 30
    number = second.execute(AddCustomer(name="Second"))
    assert (number, second.ledger.customers, second.version) == (32, 32, 2)
    assert [second.contact_of(each).name for each in (31, 32)] == ["First", "Second"]
    with first.writing():
        assert first.ledger.customers == 32


def test_writers_queue_and_only_so_many(worlds: Worlds) -> None:
    world = worlds.create("one", "one-month")
    busy = Busy(world)
    done: list[int] = []

    def add(number: int) -> None:
        view = worlds.named("one")
        view.execute(AddCustomer(name=f"customer {number}"))
        done.append(view.version)

    waiting = [threading.Thread(target=add, args=(number,)) for number in range(MAX_WAITING)]
    for thread in waiting:
        thread.start()
    lock, pause = world.head.lock, threading.Event()
    while lock.waiting < MAX_WAITING:
        pause.wait(0.001)
    with pytest.raises(WorldBusy, match=f"{MAX_WAITING} other changes wait"):
        worlds.named("one").execute(AddCustomer(name="one too many"))
    assert not worlds.named("one").begin_write(wait=False)
    assert not done
    busy.finish()
    for thread in waiting:
        thread.join()
    assert sorted(done) == list(range(2, MAX_WAITING + 2))
    assert worlds.named("one").ledger.customers == 1 + MAX_WAITING
    assert lock.waiting == 0


def test_a_fork_and_what_it_came_from_never_see_each_other(worlds: Worlds) -> None:
    one = worlds.create("one", "demo", customers=30)
    one.execute(AddCustomer(name="Both"))
    two = worlds.fork("two", "one")
    for number in range(3):
        for world in (one, two):
            world.execute(AddCustomer(name=f"{world.name} {number}"))
            world.execute(IssueToken(api="elevate", key=f"key of {world.name}", minutes=5))
    for world in (worlds.named("one"), worlds.named("two")):
        names = [each.name for each in world.commands if isinstance(each, AddCustomer)]
        assert names == ["Both", *(f"{world.name} {number}" for number in range(3))]
        assert [world.contact_of(number).name for number in range(32, 35)] == names[1:]
        assert {token.key for token in world.tokens} == {f"key of {world.name}"}


def test_a_reset_never_decreases_the_version(worlds: Worlds) -> None:
    view = worlds.create("one", "demo", customers=30)
    seen: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            seen.append(worlds.named("one").version)

    watching = threading.Thread(target=watch)
    watching.start()
    for _ in range(50):
        view.execute(AddCustomer(name="gone"))
        assert worlds.reset("one").ledger.customers == 30
    over.set()
    watching.join()
    assert seen == sorted(seen)
    assert worlds.named("one").version == 100


def test_credentials_follow_from_a_worlds_name_whatever_it_is_made_from(worlds: Worlds) -> None:
    before = worlds.create("one", "demo", customers=30)
    key = Grant("one's key", None, None)
    worlds.restrict_credentials(lambda name: {key.key: key} if name == "one" else {})
    assert "counterfoil-key" in before.grants, "a view keeps what it saw"
    assert worlds.named("one").grants == {key.key: key}
    assert worlds.reset("one").grants == {key.key: key}
    assert worlds.fork("two", "one").grants == {}
    assert (worlds.named("one").version, worlds.named("one").commands) == (1, []), "one reset, no command"


def test_a_cache_drops_the_least_recently_used() -> None:
    cache = DerivedCache(max_bytes=3 * 540)
    asked: list[str] = []

    def value(key: str) -> list[str]:
        return cache.get(key, lambda: asked.append(key) or [key])  # type: ignore[func-returns-value]

    for key in "abcab":
        value(key)
    assert asked == ["a", "b", "c"]
    value("d")  # drops c
    for key in "abdc":
        value(key)
    assert asked == ["a", "b", "c", "d", "c"]


def test_a_derived_value_lives_as_long_as_its_source(worlds: Worlds) -> None:
    from counterfoil.world.cache import AccountsKey

    world = worlds.create("one", "demo", customers=30)
    counted: list[str] = []

    def both() -> None:
        world.cached("version", lambda: counted.append("version"))
        world.cached(AccountsKey("accounts", None), lambda: counted.append("accounts"))

    both()
    both()
    assert counted == ["version", "accounts"]
    world.execute(IssueToken(api="elevate", key="counterfoil-key", minutes=5))
    both()
    assert counted == ["version", "accounts", "version"], "a token changes no account"
    world.execute(RecordUsage(customer=1, country="DE", quantity=Decimal(3)))
    both()
    assert counted == ["version", "accounts", "version", "version", "accounts"]
