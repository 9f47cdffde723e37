"""Writing: what was written is read, nothing else changed, what is locked or the server's own stays as it is.

Every law here writes, so it runs with ``--writes`` only, and changes only what it created itself (or must be refused). It
refuses to know any resource; ``Resource`` describes one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from counterfoil.contract.collection import Collection
from counterfoil.contract.law import Law, Trial, says

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Values = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Resource:
    """Something that is created, fetched and changed.

    ``values`` are the writable members, each with values to try. ``owned`` are members that the server alone sets, each with
    a value to send in vain. ``locked`` are members that can no longer be changed when ``is_locked(item)``; the refusal is one
    of ``conflict``.
    """

    create: str
    fetch: str
    change: str
    list: Collection
    values: Values
    parameter: str = "id"
    owned: Mapping[str, Any] = field(default_factory=dict)
    locked: Sequence[str] = ()
    is_locked: Callable[[Any], bool] = lambda item: False
    conflict: Sequence[int] = (409,)
    created: Sequence[int] = (200, 201)

    def bodies(self, least: int = 0) -> SearchStrategy[dict[str, Any]]:
        """Bodies with some of the writable members."""
        from hypothesis import strategies as st

        members = {name: st.sampled_from(list(values)) for name, values in self.values.items()}
        drawn = st.lists(st.sampled_from(sorted(members)), min_size=least, max_size=4, unique=True)
        return drawn.flatmap(lambda names: st.fixed_dictionaries({name: members[name] for name in names}))

    def make(self, trial: Trial, body: Any) -> Any:
        """Create one, and note that it stays behind."""
        made = trial.ask(self.create, body=body, status=self.created)
        trial.expect(isinstance(made, dict), "the new resource as a JSON object", made)
        trial.leaves(f"{self.create.split()[1]}{self.key(made)}")
        return made

    def key(self, item: Any) -> Any:
        return self.list.identity.raw(item)

    def read(self, trial: Trial, key: Any) -> Any:
        return trial.ask(self.fetch, path={self.parameter: key})

    def patch(self, trial: Trial, key: Any, body: Any) -> Any:
        return trial.ask(self.change, path={self.parameter: key}, body=body)


def _law(id: str, operation: str, clauses: tuple[str, ...], check: Callable[[Trial], None], text: str = "") -> Law:
    return Law(id, operation, "lifecycle", clauses, text or says(check), check, writes=True)


def created_is_read(id: str, r: Resource, *clauses: str) -> Law:
    """What was created is fetched as it was answered, and holds what was sent."""

    def check(trial: Trial) -> None:
        """What was created holds what was sent, and fetching it gives the answer that creating it gave."""

        def read_back(body: dict[str, Any]) -> None:
            made = r.make(trial, body)
            kept = {name: made.get(name) for name in body}
            trial.expect(kept == body, f"what was sent: {body}", kept)
            found = r.read(trial, r.key(made))
            trial.expect(found == made, f"as created: {made}", found)

        trial.given(r.bodies(), read_back, most=5)

    return _law(id, r.create, clauses, check)


def created_is_listed(id: str, r: Resource, *clauses: str) -> Law:
    """What was created is in the list, once, and nothing left it."""

    def check(trial: Trial) -> None:
        """What was created is in the list once, equal to its answer, and what was there before still is."""
        before = r.list.all(trial)
        made = r.make(trial, {})
        after = r.list.all(trial)
        r.list.same_items(trial, after, [*before, made], "the list before, and the new one")
        listed = next(item for item in after if r.key(item) == r.key(made))
        trial.expect(listed == made, f"as created: {made}", listed)

    return _law(id, r.create, clauses, check)


def ids_grow(id: str, r: Resource, *clauses: str) -> Law:
    """A new id is higher than every one before."""

    def check(trial: Trial) -> None:
        """A new id is higher, as a number, than every id before it."""
        highest = max((int(key) for key in r.list.ids(r.list.all(trial))), default=0)
        for _ in range(2):
            key = r.key(r.make(trial, {}))
            trial.expect(int(key) > highest, f"an id above {highest}", key)
            highest = int(key)

    return _law(id, r.create, clauses, check)


def starts_as(
    id: str, r: Resource, expected: Mapping[str, Any], *clauses: str, sending: Mapping[str, Any] | None = None
) -> Law:
    """A new one starts with ``expected``, whatever is sent."""

    def check(trial: Trial) -> None:
        for body in ({}, dict(sending or {})):
            made = r.make(trial, body)
            have = {name: made.get(name) for name in expected}
            trial.expect(have == dict(expected), f"{dict(expected)} after sending {body}", have)

    told = ", ".join(f"{name} {value!r}" for name, value in expected.items())
    return _law(id, r.create, clauses, check, f"A new one starts with {told}, whatever is sent.")


def change_is_partial(id: str, r: Resource, *clauses: str) -> Law:
    """A change alters what it names and nothing else."""

    def check(trial: Trial) -> None:
        """What was sent is there when it is read again, and nothing else changed."""
        from hypothesis import strategies as st

        whole = {name: values[0] for name, values in r.values.items()}
        made = r.make(trial, whole)

        def partial(body: dict[str, Any]) -> None:
            before = r.read(trial, r.key(made))
            answer = r.patch(trial, r.key(made), body)
            after = r.read(trial, r.key(made))
            trial.expect(after == {**before, **body}, f"{ {**before, **body} } after {body}", after)
            trial.expect(answer == after, f"the answer to be what is read then: {after}", answer)

        ones = [{name: values[-1]} for name, values in r.values.items()]
        trial.given(st.one_of(st.sampled_from(ones), r.bodies(1)), partial)

    return _law(id, r.change, clauses, check)


def each_is_changed(id: str, r: Resource, names: Sequence[str], *clauses: str, text: str) -> Law:
    """Each of ``names`` takes each of its values on a fresh one and is read back unchanged."""

    def check(trial: Trial) -> None:
        made = r.make(trial, {})

        def kept(pair: tuple[str, Any]) -> None:
            name, value = pair
            r.patch(trial, r.key(made), {name: value})
            found = r.read(trial, r.key(made)).get(name)
            trial.expect(found == value, f"{name} {value!r}", found)

        trial.each([(name, value) for name in names for value in r.values[name]], kept)

    return _law(id, r.change, clauses, check, text)


def nothing_changes_nothing(id: str, r: Resource, *clauses: str) -> Law:
    """An empty change changes nothing."""

    def check(trial: Trial) -> None:
        """A change that names no member changes nothing."""
        made = r.make(trial, {name: values[0] for name, values in r.values.items()})
        answer = r.patch(trial, r.key(made), {})
        trial.expect(answer == made, f"as it was: {made}", answer)
        found = r.read(trial, r.key(made))
        trial.expect(found == made, f"as it was: {made}", found)

    return _law(id, r.change, clauses, check)


def owned_by_server(id: str, r: Resource, *clauses: str) -> Law:
    """Members that the server owns do not take what a client sends, on creation and after."""

    def check(trial: Trial) -> None:
        """Members that are the server's own ignore what a client sends, when creating and when changing."""

        def vain(pair: tuple[str, Any]) -> None:
            name, value = pair
            made = r.make(trial, {name: value})
            trial.expect(made.get(name) != value, f"{name} to be the server's own, not {value!r}", made)
            reply = trial.call(r.change, path={r.parameter: r.key(made)}, body={name: value})
            trial.expect(reply.status in (200, *r.conflict), "200 or a refusal", f"{reply.status}: {reply.brief(100)}")
            found = r.read(trial, r.key(made))
            trial.expect(found == made, f"as it was: {made}", found)

        trial.each(r.owned.items(), vain)

    return _law(id, r.create, clauses, check)


def locked_members(id: str, r: Resource, names: Sequence[str], *clauses: str, text: str) -> Law:
    """On a locked one a change of each of ``names`` is refused, names the member, and nothing of the body is done.

    Tried on what is there, in every state that ``Resource.is_locked`` calls locked; a server that keeps the law changes
    nothing. One that breaks it is asked to put the member back.
    """

    def check(trial: Trial) -> None:
        items = [item for item in r.list.whole(trial) if r.is_locked(item)]
        trial.need(items, "nothing here is locked")
        # Every state that shows in a short text member, so that a lock that minds one state only is seen.
        chosen = list({item.get("status"): item for item in items}.values())

        def refused(pair: tuple[Any, str]) -> None:
            item, name = pair
            value = next(value for value in r.values[name] if value is not None and value != item.get(name))
            free = next((n for n in r.values if n not in r.locked), None)
            beside = {free: "counterfoil was here"} if free else {}
            reply = trial.call(r.change, path={r.parameter: r.key(item)}, body={**beside, name: value})
            found = r.read(trial, r.key(item))
            if found != item:
                trial.call(r.change, path={r.parameter: r.key(item)}, body={n: item.get(n) for n in (name, *beside)})
            trial.expect(
                reply.status in r.conflict,
                f"status {' or '.join(map(str, r.conflict))}",
                f"{reply.status}: {reply.brief(120)}",
            )
            trial.expect(name in reply.text, f"a body that names {name}", reply.brief(160))
            trial.expect(found == item, f"nothing changed: {item}", found)

        trial.each([(item, name) for item in chosen for name in names], refused)

    return _law(id, r.change, clauses, check, text)
