"""Laws about one member: list and read agree, reading changes nothing, an unknown id is not found, references resolve."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from counterfoil.apis.generic.laws.plain_values import same, scalars
from counterfoil.apis.generic.laws.requests import call
from counterfoil.apis.generic.laws.resources import Resource, at_parents, fits, id_of, member_in, parents_of
from counterfoil.apis.generic.model import Operation
from counterfoil.apis.generic.places import at
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import sample_items
from counterfoil.contract.law import Law, NotTried

Json = Any
NOT_FOUND = (404, 410)
SAMPLES = 3


def unknown_is_not_found(id: str, resource: Resource, read: Operation, known: Mapping[str, Resource]) -> Law:
    """An id that no member has is not found."""

    def check(ctx: LawContext) -> None:
        parents = parents_of(ctx, resource, known)
        other = unknown_id(known_ids(ctx, resource, parents), fits(resource, read))
        response = call(ctx, resource, read, parents, other)
        ctx.expect(
            response.status in NOT_FOUND, f"404 for the unknown id {other}", f"{response.status}: {response.brief(120)}"
        )

    return Law(id, read.name, "errors", (), "The response for an unknown id is 404 (or 410).", check)


def list_agrees_with_read(id: str, resource: Resource, read: Operation, known: Mapping[str, Resource]) -> Law:
    """A member in the list and the same member read by its id have the same values in the fields that both show."""

    def check(ctx: LawContext) -> None:
        parents = parents_of(ctx, resource, known)
        items = _listed(ctx, resource, parents)
        for item in sample_items(items, SAMPLES):
            ctx.cases += 1
            key = id_of(resource, item)
            body = ctx.json_body(call(ctx, resource, read, parents, key), sorted({200, 203, read.status}))
            fetched = member_in(resource, body, read.at)
            ctx.expect(id_of(resource, fetched) == key, f"the member with the id {key}", fetched)
            shown = scalars(fetched)
            different = {
                name: (value, shown[name])
                for name, value in scalars(item).items()
                if name in shown and not same(shown[name], value) and _same_values(resource, read, name)
            }
            ctx.expect(not different, f"the fields of {key} as the list shows them", different)

    text = "A member read by its id has that id, and the values that the list shows for it."
    return Law(id, read.name, "reading", (), text, check)


def _same_values(resource: Resource, read: Operation, name: str) -> bool:
    """Whether the document allows the same values for a field in the list and in the read."""
    listing = resource.operation("list")
    if listing is None:
        return True
    enums = []
    for operation in (listing, read):
        schema = resource.reader.member(resource.schema(operation), (name,))
        enums.append(resource.reader.merged(schema).get("enum") if schema is not None else None)
    return enums[0] == enums[1]


def reading_changes_nothing(id: str, resource: Resource, read: Operation, known: Mapping[str, Resource]) -> Law:
    """Reading a member twice gives the same member twice."""

    def check(ctx: LawContext) -> None:
        parents = parents_of(ctx, resource, known)
        key = known_ids(ctx, resource, parents)[0]
        first, second = (
            scalars(
                at(ctx.json_body(call(ctx, resource, read, parents, key), sorted({200, 203, read.status})), read.at)
            )
            for _ in range(2)
        )
        ctx.expect(first == second, "the same member again", second)

    return Law(id, read.name, "reading", (), "Reading changes nothing: a member read twice is the same.", check)


def belongs_to_parent(id: str, resource: Resource, field: str, known: Mapping[str, Resource]) -> Law:
    """A list below a parent has only that parent's members."""
    listing = resource.operation("list")
    assert listing is not None

    def check(ctx: LawContext) -> None:
        parents = parents_of(ctx, resource, known)
        for item in _listed(ctx, resource, parents):
            ctx.cases += 1
            value = item.get(field)
            ctx.expect(value is None or str(value) == str(parents[-1]), f"{field} {parents[-1]}", value)

    return Law(id, listing.name, "reading", (), f"Every member of the list has its parent's id in {field}.", check)


def reference_resolves(id: str, resource: Resource, field: str, target: Resource, known: Mapping[str, Resource]) -> Law:
    """A member exists for the id in a reference field."""
    listing, read = resource.operation("list"), target.operation("read")
    assert listing is not None
    assert read is not None

    def check(ctx: LawContext) -> None:
        items = _listed(ctx, resource, parents_of(ctx, resource, known))
        values = list(dict.fromkeys(item[field] for item in items if isinstance(item.get(field), (str, int))))
        ctx.require(values, f"no member has {field}")
        for value in sample_items(values, SAMPLES):
            ctx.cases += 1
            response = call(ctx, target, read, (), value)
            found = response.status // 100 == 2
            ctx.expect(
                found, f"{field} {value} to be found by {read.name}", f"{response.status}: {response.brief(120)}"
            )

    return Law(
        id, listing.name, "reading", (), f"The id in {field} is the id of an existing member of {target.name}.", check
    )


def _listed(ctx: LawContext, resource: Resource, parents: Sequence[Json]) -> Sequence[Json]:
    listed = at_parents(resource, parents)
    if listed is None:
        raise NotTried(f"no operation lists {resource.name}")
    return listed.require_items(ctx)


def known_ids(ctx: LawContext, resource: Resource, parents: Sequence[Json]) -> list[Json]:
    """The ids in the list; without a list operation, those given with ``--known``."""
    if resource.items is None:
        return list(ctx.known_ids(resource.collection.parameter))
    return [key for item in _listed(ctx, resource, parents) if (key := id_of(resource, item)) is not None]


def unknown_id(known: Sequence[Json], fits: Callable[[Json], bool] = lambda value: True) -> Json:
    """An unknown id in the form of the known ones that ``fits`` the document."""
    if not known:
        raise NotTried("no id is known, and an unknown id must have the form of a known one")
    known_texts = set(map(str, known))
    if all(isinstance(each, int) for each in known):
        numbers = (max(known) + 1_000_003, max(known) + 1, *range(1, 200))
        found = next((number for number in numbers if str(number) not in known_texts and fits(number)), None)
        if found is None:
            raise NotTried("every id that the document allows is taken")
        return found
    text = str(known[0])
    if all(str(each).isdecimal() for each in known):  # the next numbers may be members that the list does not show
        far = str(max(map(int, known)) + 1_000_003).zfill(len(text))
        if fits(far):
            return far
    for length in (len(text) // 2, 4, 2, 1):  # how much of the end is changed: ids often begin with a type prefix
        for step in range(1, 40):
            end = "".join(_rotated(letter, step + place) for place, letter in enumerate(text[-length:]))
            other = text[: len(text) - len(end)] + end
            if other not in known_texts and fits(other):
                return other
    raise NotTried(f"no unknown id of the form of {text} was found")


def _rotated(letter: str, step: int) -> str:
    """Another character of the same kind: a hexadecimal digit stays a hexadecimal digit."""
    for kind in ("0123456789", "abcdef", "ABCDEF", "ghijklmnopqrstuvwxyz", "GHIJKLMNOPQRSTUVWXYZ"):
        if letter in kind:
            return kind[(kind.index(letter) + step) % len(kind)]
    return letter
