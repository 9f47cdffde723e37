"""One thing in several shapes: whole or in part, base or extended, in the list or alone, under one address or another.

It refuses to know the shapes' names; ``Shapes`` has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterfoil.contract.collection import Collection
from counterfoil.contract.law import Law, Trial, says


@dataclass(frozen=True)
class Shapes:
    """A list whose items come in a base and an extended shape, and ``fetch``, which gives one of them alone.

    ``param`` asks for a shape, ``fields`` for some members of it; ``always`` are the members that stay.
    """

    items: Collection
    fetch: str
    param: str
    base: str
    extended: str
    fields: str = "fields"
    always: Sequence[str] = ()
    parameter: str = "id"

    def all_extended(self, trial: Trial) -> list[Any]:
        """The list in the extended shape, or the law does not apply because it is empty."""
        asked = {self.param: self.extended}
        key = ("extended", self.items.operation)
        found: list[Any] = trial.observe(key, lambda: self.items.all(trial, asked))
        trial.need(found, f"there is nothing in {self.items.operation}")
        return found

    @property
    def queries(self) -> tuple[dict[str, str], ...]:
        """How to ask for either shape."""
        return {}, {self.param: self.extended}

    def one(self, trial: Trial, key: Any, query: Mapping[str, Any]) -> Any:
        return trial.ask(self.fetch, path={self.parameter: key}, query=query)


def _spread(found: Sequence[Any], most: int = 5) -> list[Any]:
    places = dict.fromkeys((0, len(found) - 1, len(found) // 2, len(found) // 3, 1))
    return [found[place] for place in places if place < len(found)][:most]


def complete(id: str, s: Shapes, *clauses: str) -> Law:
    """The extended shape has every member that its schema (named as the shape) documents."""

    def check(trial: Trial) -> None:
        names = set(trial.spec["components"]["schemas"][s.extended]["properties"])
        for item in s.all_extended(trial):
            trial.cases += 1
            trial.expect(names <= set(item), "every documented member", f"without {sorted(names - set(item))}: {item}")
            trial.expect(item.get(s.param) == s.extended, f"{s.param} {s.extended}", item.get(s.param))

    text = f"With {s.param}={s.extended} every item says so and has every documented member; those not set are null."
    return Law(id, s.items.operation, "types", clauses, text, check)


def same_values(id: str, s: Shapes, *clauses: str) -> Law:
    """The extended shape says what the base shape says, and the base shape is what comes unasked."""

    def check(trial: Trial) -> None:
        plain = s.items.some(trial)
        base = s.items.all(trial, {s.param: s.base})
        trial.expect(base == plain, f"with {s.param}={s.base} the same as without", base)
        extended = s.all_extended(trial)
        trial.expect(s.items.ids(extended) == s.items.ids(plain), "the same items in both", s.items.ids(extended))
        for one, more in zip(plain, extended, strict=True):
            trial.cases += 1
            trial.expect(one.get(s.param) in (None, s.base), f"{s.param} {s.base}", one)
            odd = list(_differences(one, more))
            trial.expect(not odd, f"{s.items.identity.raw(one)} the same in both", odd[:3])

    text = f"An item has the same values with {s.param}={s.extended} as with {s.base}, which is what comes unasked."
    return Law(id, s.items.operation, "types", clauses, text, check)


def _differences(one: Any, more: Any, at: str = "") -> Iterator[str]:
    """Where the extended shape ``more`` says otherwise than ``one``, members named with ``@`` aside."""
    if isinstance(one, Mapping) and isinstance(more, Mapping):
        for name in one:
            if not name.startswith("@"):
                yield from _differences(one[name], more.get(name), f"{at}.{name}")
    elif isinstance(one, list) and isinstance(more, list) and len(one) == len(more):
        for place, (left, right) in enumerate(zip(one, more, strict=True)):
            yield from _differences(left, right, f"{at}[{place}]")
    elif one != more:
        yield f"{at.lstrip('.')}: {one} and {more}"


def alone(id: str, s: Shapes, *clauses: str) -> Law:
    """An extended item fetched alone equals its entry in the extended list."""

    def check(trial: Trial) -> None:
        """In the extended shape, too, an item fetched alone equals its entry in the list."""

        def same(item: Any) -> None:
            single = s.one(trial, s.items.identity.raw(item), {s.param: s.extended})
            trial.expect(single == item, f"as in the list: {item}", single)

        trial.each(_spread(s.all_extended(trial)), same)

    return Law(id, s.fetch, "types", clauses, says(check), check)


def other_address(id: str, s: Shapes, member: str, *clauses: str) -> Law:
    """An item is found by another member as by its identity."""

    def check(trial: Trial) -> None:
        def either_way(item: Any) -> None:
            for query in s.queries:
                by_identity, by_member = (
                    s.one(trial, key, query) for key in (s.items.identity.raw(item), item[member])
                )
                trial.expect(by_member == by_identity, f"{by_identity}", by_member)

        having = [item for item in s.items.some(trial) if item.get(member)]
        trial.need(having, f"no item has {member}")
        trial.each(_spread(having), either_way)

    text = f"An item is found by its {member} as by its {s.items.identity.name}, in every shape."
    return Law(id, s.fetch, "reading", clauses, text, check)


def nothing_but(id: str, s: Shapes, texts: Mapping[str, Sequence[str]], *clauses: str) -> Law:
    """``texts``: what is asked for in ``fields``, and which members come for it beside those that stay."""

    def check(trial: Trial) -> None:
        whole = s.items.some(trial)
        for text, kept in texts.items():
            trial.cases += 1
            got = s.items.all(trial, {s.fields: text})
            want = [{name: item[name] for name in (*s.always, *kept)} for item in whole]
            trial.expect(got == want, f"items of {', '.join((*s.always, *kept))} with {s.fields}={text}", got[:3])

    text = f"{s.fields} that no item has are passed over, and {', '.join(s.always)} always stay."
    return Law(id, s.items.operation, "selecting", clauses, text, check)


def part_of_one(id: str, s: Shapes, texts: Sequence[str], *clauses: str) -> Law:
    """``fields`` of one item alone, in every shape, as in the list."""

    def check(trial: Trial) -> None:
        extended = {s.items.identity.raw(item): item for item in s.all_extended(trial)}

        def alike(item: Any) -> None:
            key = s.items.identity.raw(item)
            for text in texts:
                for whole, shape in zip((item, extended[key]), s.queries, strict=True):
                    query = {**shape, s.fields: text}
                    kept = {*text.split(","), *s.always}
                    want = {name: value for name, value in whole.items() if name in kept}
                    got = s.one(trial, key, query)
                    trial.expect(got == want, f"{want} with {query}", got)
                    listed = s.items.all(trial, {**query, s.items.identity.name: key})
                    trial.expect(listed == [want], f"[{want}] in the list with {query}", listed)

        trial.each(_spread(s.items.some(trial), 3), alike)

    text = f"{s.fields} means for one item what it means in the list, in every shape."
    return Law(id, s.fetch, "selecting", clauses, text, check)
