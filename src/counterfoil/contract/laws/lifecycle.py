"""Creating and changing a resource: what was written is read back, nothing else changes, locked members stay unchanged.

Every law here writes, so it runs with ``--writes`` only, and changes only what it created itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from counterfoil.contract.collection import ItemList
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import Law, brief, quoted, says

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Values = Mapping[str, Sequence[Any]]

REFUSALS = (400, 422)
MAX_STATES = 5
"""An upper limit for the number of state changes from creation to the final state."""


@dataclass(frozen=True)
class Resource:
    """A resource that is created, fetched and changed.

    ``values`` are the writable members, each with values to try. ``owned`` are members that only the server sets, each with a
    value to send, which must be ignored. ``locked`` are members that can no longer be changed when ``is_locked(item)``; the
    refusal has one of the statuses ``conflict``. ``presets`` are members for which a target may accept only values of its own.
    ``as_sent`` turns a value of a response into the form in which it is sent, where responses may write it differently.
    """

    create: str
    fetch: str
    change: str
    list: ItemList
    values: Values
    parameter: str = "id"
    owned: Mapping[str, Any] = field(default_factory=dict)
    locked: Sequence[str] = ()
    is_locked: Callable[[Any], bool] = lambda item: False
    conflict: Sequence[int] = (409,)
    created: Sequence[int] = (200, 201)
    presets: Sequence[str] = ()
    as_sent: Callable[[Any], Any] = lambda value: value

    def members_as_sent(self, item: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
        """Some members of a response, in the form in which they are sent."""
        return {name: self.as_sent(item.get(name)) for name in names}

    def values_at(self, ctx: LawContext) -> Mapping[str, Sequence[Any]]:
        """``values``; for ``presets`` that the target refuses, values that its own items have, or none."""
        return ctx.fact(("values", self.create), lambda: {n: self._accepted(ctx, n) for n in self.values})

    def _accepted(self, ctx: LawContext, name: str) -> Sequence[Any]:
        values = self.values[name]
        if name not in self.presets:
            return values
        texts = [value for value in values if value is not None]
        if all(ctx.request(self.create, body={name: text}).status in self.created for text in texts):
            return values
        return [*dict.fromkeys(item[name] for item in self.list.whole_list(ctx) if item.get(name)), None][-3:]

    def bodies(self, ctx: LawContext, least: int = 0) -> SearchStrategy[dict[str, Any]]:
        """Bodies with some of the writable members."""
        from hypothesis import strategies as st

        members = {name: st.sampled_from(values) for name, values in self.values_at(ctx).items()}
        drawn = st.lists(st.sampled_from(sorted(members)), min_size=least, max_size=4, unique=True)
        return drawn.flatmap(lambda names: st.fixed_dictionaries({name: members[name] for name in names}))

    def make(self, ctx: LawContext, body: Any) -> Any:
        """Create a resource and return it as a JSON object."""
        made = ctx.request_json(self.create, body=body, status=self.created)
        ctx.expect(isinstance(made, dict), "the new resource as a JSON object", made)
        return made

    def key(self, item: Any) -> Any:
        return self.list.identity.raw(item)

    def read(self, ctx: LawContext, key: Any) -> Any:
        return ctx.request_json(self.fetch, path={self.parameter: key})

    def patch(self, ctx: LawContext, key: Any, body: Any) -> Any:
        return ctx.request_json(self.change, path={self.parameter: key}, body=body)


def _law(id: str, operation: str, clauses: tuple[str, ...], text: str, check: Callable[[LawContext], None]) -> Law:
    return Law(id, operation, "lifecycle", clauses, text, check, writes=True)


def created_is_read(id: str, r: Resource, *clauses: str) -> Law:
    """A created resource has what was sent, and fetching it gives the same as the response to its creation."""

    def check(ctx: LawContext) -> None:

        def read_back(body: dict[str, Any]) -> None:
            made = r.make(ctx, body)
            sent_members = r.members_as_sent(made, body)
            ctx.expect(sent_members == body, f"what was sent: {brief(body)}", sent_members)
            found = r.read(ctx, r.key(made))
            ctx.expect(found == made, f"as created: {brief(made)}", found)

        ctx.for_all(r.bodies(ctx), read_back, max_examples=5)

    return _law(id, r.create, clauses, says(created_is_read), check)


def created_is_listed(id: str, r: Resource, *clauses: str) -> Law:
    """A created resource is in the list once, equal to the response to its creation, and everything listed before still is."""

    def check(ctx: LawContext) -> None:
        before = r.list.fetch_all(ctx)
        made = r.make(ctx, {})
        after = r.list.fetch_all(ctx)
        r.list.same_items(ctx, after, [*before, made], "the list before, and the new one")
        listed = next(item for item in after if r.key(item) == r.key(made))
        ctx.expect(listed == made, f"as created: {brief(made)}", listed)

    return _law(id, r.create, clauses, says(created_is_listed), check)


def ids_grow(id: str, r: Resource, *clauses: str) -> Law:
    """A new id is higher, as a number, than every earlier id."""

    def check(ctx: LawContext) -> None:
        highest = max((int(key) for key in r.list.ids(r.list.fetch_all(ctx))), default=0)
        for _ in range(2):
            key = r.key(r.make(ctx, {}))
            ctx.expect(int(key) > highest, f"an id above {highest}", key)
            highest = int(key)

    return _law(id, r.create, clauses, says(ids_grow), check)


def starts_as(
    id: str, r: Resource, expected: Mapping[str, Any], *clauses: str, sending: Mapping[str, Any] | None = None
) -> Law:
    """A new resource starts with ``expected``, whatever is sent."""

    def check(ctx: LawContext) -> None:
        for body in ({}, dict(sending or {})):
            made = r.make(ctx, body)
            have = r.members_as_sent(made, expected)
            ctx.expect(have == dict(expected), f"{brief(dict(expected))} after sending {brief(body)}", have)

    initial = ", ".join(f"{name} {quoted(value)}" for name, value in expected.items())
    return _law(id, r.create, clauses, f"A new resource starts with {initial}, whatever is sent.", check)


def change_is_partial(id: str, r: Resource, *clauses: str) -> Law:
    """After a change the resource has what was sent, and nothing else has changed."""

    def check(ctx: LawContext) -> None:
        from hypothesis import strategies as st

        whole = {name: values[0] for name, values in r.values_at(ctx).items()}
        made = r.make(ctx, whole)

        def partial(body: dict[str, Any]) -> None:
            before = r.read(ctx, r.key(made))
            answer = r.patch(ctx, r.key(made), body)
            after = r.read(ctx, r.key(made))
            expected = {**r.members_as_sent(before, before), **body}
            ctx.expect(r.members_as_sent(after, after) == expected, f"{brief(expected)} after {brief(body)}", after)
            ctx.expect(answer == after, f"the response to equal what is then read: {brief(after)}", answer)

        single_changes = [{name: values[-1]} for name, values in r.values_at(ctx).items()]
        ctx.for_all(st.one_of(st.sampled_from(single_changes), r.bodies(ctx, 1)), partial)

    return _law(id, r.change, clauses, says(change_is_partial), check)


def each_is_changed(id: str, r: Resource, names: Sequence[str], *clauses: str, text: str) -> Law:
    """Each of ``names`` can be set to each of its values on a new resource and is read back unchanged."""

    def check(ctx: LawContext) -> None:
        made = r.make(ctx, {})

        def is_read_back(pair: tuple[str, Any]) -> None:
            name, value = pair
            r.patch(ctx, r.key(made), {name: value})
            found = r.as_sent(r.read(ctx, r.key(made)).get(name))
            ctx.expect(found == value, f"{name} {quoted(value)}", found)

        ctx.for_each([(name, value) for name in names for value in r.values_at(ctx)[name]], is_read_back)

    return _law(id, r.change, clauses, text, check)


def nothing_changes_nothing(id: str, r: Resource, *clauses: str) -> Law:
    """A change without members changes nothing."""

    def check(ctx: LawContext) -> None:
        made = r.make(ctx, {name: values[0] for name, values in r.values_at(ctx).items()})
        answer = r.patch(ctx, r.key(made), {})
        ctx.expect(answer == made, f"unchanged: {brief(made)}", answer)
        found = r.read(ctx, r.key(made))
        ctx.expect(found == made, f"unchanged: {brief(made)}", found)

    return _law(id, r.change, clauses, says(nothing_changes_nothing), check)


def owned_by_server(id: str, r: Resource, *clauses: str) -> Law:
    """Members that only the server sets ignore what a client sends, on creation and on change."""

    def check(ctx: LawContext) -> None:
        def ignored(pair: tuple[str, Any]) -> None:
            name, value = pair
            response = ctx.request(r.create, body={name: value})
            if response.status in REFUSALS:  # a target may refuse members that it does not take
                return
            made = ctx.json_body(response, r.created)
            ctx.expect(made.get(name) != value, f"{name} to be set by the server, not {quoted(value)}", made)
            response = ctx.request(r.change, path={r.parameter: r.key(made)}, body={name: value})
            ctx.expect(
                response.status in (200, *REFUSALS, *r.conflict),
                "200 or a refusal",
                f"{response.status}: {response.brief(100)}",
            )
            found = r.read(ctx, r.key(made))
            ctx.expect(found == made, f"unchanged: {brief(made)}", found)

        ctx.for_each(r.owned.items(), ignored)

    return _law(id, r.create, clauses, says(owned_by_server), check)


def locked_members(id: str, r: Resource, names: Sequence[str], *clauses: str, text: str) -> Law:
    """A change of any of ``names`` on a locked resource is refused with a message that names the member; nothing changes.

    Tried on a new resource in every state through which the capability ``move_run`` takes it, so that a lock that works in
    one state only is seen, and no resource that existed before is written to.
    """

    def check(ctx: LawContext) -> None:
        made = r.make(ctx, {name: values[0] for name, values in r.values_at(ctx).items()})
        for _ in range(MAX_STATES):
            if not ctx.perform("move_run", r.key(made)):
                break
            item = r.read(ctx, r.key(made))
            if r.is_locked(item):
                ctx.for_each(names, lambda name, item=item: _change_is_refused(ctx, r, item, name))  # type: ignore[misc]
        ctx.require(ctx.cases, "the new resource was never locked")

    return Law(id, r.change, "lifecycle", clauses, text, check, writes=True, needs=("move_run",))


def _change_is_refused(ctx: LawContext, r: Resource, item: Any, name: str) -> None:
    others = [value for value in r.values_at(ctx)[name] if value != item.get(name)]
    ctx.require(others, f"no other value of {name} is known")
    value = next((value for value in others if value is not None), None)
    free = next((n for n in r.values if n not in r.locked), None)
    body = {**({free: "counterfoil was here"} if free else {}), name: value}
    response = ctx.request(r.change, path={r.parameter: r.key(item)}, body=body)
    found = r.read(ctx, r.key(item))
    expected = f"status {' or '.join(map(str, r.conflict))}"
    ctx.expect(response.status in r.conflict, expected, f"{response.status}: {response.brief(120)}")
    ctx.expect(name in response.text, f"a body that names {name}", response.brief(160))
    ctx.expect(found == item, f"nothing changed: {brief(item)}", found)
