"""Reading changes nothing, and answers that speak of the same thing agree: list and single fetch, href and what it leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from counterfoil.contract.collection import Collection
from counterfoil.contract.law import Law, Trial, says
from counterfoil.contract.probe import Query, Trouble

Params = Callable[[Trial], Mapping[str, Any]]


def twice_the_same(id: str, operation: str, *clauses: str, query: Query = (), path: Params | None = None) -> Law:
    """Reading twice gives the same answer twice."""

    def check(trial: Trial) -> None:
        """Reading changes nothing: the same request twice gives the same answer twice."""
        filled = path(trial) if path else {}
        first, second = (trial.ask(operation, query=query, path=filled) for _ in range(2))
        trial.expect(first == second, "the same answer again", second)

    return Law(id, operation, "reading", clauses, says(check), check)


def list_item_is_single(id: str, c: Collection, operation: str, *clauses: str, parameter: str = "id") -> Law:
    """An item in the list equals what fetching it alone gives."""

    def check(trial: Trial) -> None:
        """An item of the list equals what fetching it by its id gives."""
        from hypothesis import strategies as st

        items = c.some(trial)

        def same(place: int) -> None:
            key = c.identity.raw(items[place])
            single = trial.ask(operation, path={parameter: key})
            trial.expect(single == items[place], f"as in the list: {items[place]}", single)

        trial.given(st.sampled_from(_spread(len(items))), same)

    return Law(id, operation, "reading", clauses, says(check), check)


def _spread(count: int) -> list[int]:
    return list(dict.fromkeys([0, count - 1, count // 2, *range(count)]))


def unknown_is_not_found(
    id: str, operation: str, unknown: Mapping[str, Any], *clauses: str, body: Any = None, status: int = 404
) -> Law:
    """What is not there gives 404. ``unknown`` fills the path with something that no server has."""

    def check(trial: Trial) -> None:
        """What nobody has is not found: 404, with an error's body."""
        options = {} if body is None else {"body": body}
        trial.ask(operation, path=unknown, status=status, **options)

    return Law(id, operation, "errors", clauses, says(check), check, writes=body is not None)


def href_resolves(id: str, c: Collection, *clauses: str, at: str = "href", same: str = "id") -> Law:
    """An item's ``href`` leads, inside this API, to the item."""

    def check(trial: Trial) -> None:
        """An item's href leads, inside this API, to the item itself."""
        items = [item for item in c.some(trial) if item.get(at)]
        trial.need(items, f"no item has {at}")

        def leads_home(item: Any) -> None:
            path = trial.probe.path_of(str(item[at]))
            trial.expect(path is not None, f"an address below {trial.probe.target.url}", item[at])
            try:
                found = trial.json(trial.probe.send("GET", str(path)))
            except Trouble as trouble:
                trial.broken("an answer", str(trouble), cause=trouble)
            trial.expect(found.get(same) == item[same], f"{same} {item[same]}", found.get(same))

        trial.each([items[place] for place in _spread(len(items))[:5]], leads_home)

    return Law(id, c.operation, "reading", clauses, says(check), check)
