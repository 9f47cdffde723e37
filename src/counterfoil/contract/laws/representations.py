"""Several representations of one resource: all members or some, base or extended type, in the list or fetched alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterfoil import json_pointer
from counterfoil.contract.collection import ItemList
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import sample_items
from counterfoil.contract.law import Law, brief, says


@dataclass(frozen=True)
class Representations:
    """A list whose items have a base and an extended type, and ``fetch``, which gives one item alone.

    ``param`` selects the type, ``fields`` some of its members; ``always`` are the members that are always included.
    """

    items: ItemList
    fetch: str
    param: str
    base: str
    extended: str
    fields: str = "fields"
    always: Sequence[str] = ()
    parameter: str = "id"

    def all_extended(self, ctx: LawContext) -> Sequence[Any]:
        """The list in the extended type; if it is empty the law does not apply."""
        asked = {self.param: self.extended}
        key = ("extended", self.items.operation)
        found: Sequence[Any] = ctx.cached(key, lambda: self.items.fetch_all(ctx, asked))
        ctx.require(found, f"there is nothing in {self.items.operation}")
        return found

    @property
    def queries(self) -> tuple[dict[str, str], ...]:
        """The queries for either type."""
        return {}, {self.param: self.extended}

    def one(self, ctx: LawContext, key: Any, query: Mapping[str, Any]) -> Any:
        return ctx.request_json(self.fetch, path={self.parameter: key}, query=query)


def complete(id: str, s: Representations, *clauses: str) -> Law:
    """The extended type has every member that its schema (of the same name) documents."""

    def check(ctx: LawContext) -> None:
        names = _documented(ctx.spec, ctx.spec["components"]["schemas"][s.extended])
        for item in s.all_extended(ctx):
            ctx.cases += 1
            ctx.expect(
                names <= set(item),
                "every documented member",
                f"without {brief(sorted(names - set(item)))}: {brief(item)}",
            )
            ctx.expect(item.get(s.param) == s.extended, f"{s.param} {s.extended}", item.get(s.param))

    text = f"With {s.param}={s.extended} every item names that type and has every documented member; those not set are null."
    return Law(id, s.items.operation, "types", clauses, text, check)


def _documented(spec: Mapping[str, Any], schema: Mapping[str, Any]) -> set[str]:
    """The members that a schema documents, those of its ``allOf`` included."""
    if "$ref" in schema:
        return _documented(spec, json_pointer.find(spec, schema["$ref"]))
    inherited = (_documented(spec, part) for part in schema.get("allOf", ()))
    return set(schema.get("properties", ())).union(*inherited)


def same_values(id: str, s: Representations, *clauses: str) -> Law:
    """The extended type has the values of the base type, and the base type is the default."""

    def check(ctx: LawContext) -> None:
        plain = s.items.require_items(ctx)
        base = s.items.fetch_all(ctx, {s.param: s.base})
        ctx.expect(base == plain, f"with {s.param}={s.base} the same as without", base)
        extended = s.all_extended(ctx)
        ctx.expect(s.items.ids(extended) == s.items.ids(plain), "the same items in both", s.items.ids(extended))
        for one, more in zip(plain, extended, strict=True):
            ctx.cases += 1
            ctx.expect(one.get(s.param) in (None, s.base), f"{s.param} {s.base}", one)
            differences = list(_differences(one, more))
            ctx.expect(not differences, f"{s.items.identity.raw(one)} the same in both", differences[:3])

    text = f"An item has the same values with {s.param}={s.extended} as with {s.base}, which is the default."
    return Law(id, s.items.operation, "types", clauses, text, check)


def _differences(one: Any, more: Any, at: str = "") -> Iterator[str]:
    """Where the extended representation ``more`` differs from ``one``; members that begin with ``@`` are ignored."""
    if isinstance(one, Mapping) and isinstance(more, Mapping):
        for name in one:
            if not name.startswith("@"):
                yield from _differences(one[name], more.get(name), f"{at}.{name}")
    elif isinstance(one, list) and isinstance(more, list) and len(one) == len(more):
        for position, (left, right) in enumerate(zip(one, more, strict=True)):
            yield from _differences(left, right, f"{at}[{position}]")
    elif one != more:
        yield f"{at.lstrip('.')}: {brief(one)} and {brief(more)}"


def single_equals_listed(id: str, s: Representations, *clauses: str) -> Law:
    """In the extended type, too, an item fetched alone equals its entry in the list."""

    def check(ctx: LawContext) -> None:

        def same(item: Any) -> None:
            single = s.one(ctx, s.items.identity.raw(item), {s.param: s.extended})
            ctx.expect(single == item, f"as in the list: {brief(item)}", single)

        ctx.for_each(ctx.sample(sample_items(s.all_extended(ctx)), 2), same)

    return Law(id, s.fetch, "types", clauses, says(single_equals_listed), check)


def found_by_other_key(id: str, s: Representations, member: str, *clauses: str) -> Law:
    """An item is found by another member as well as by its identity."""

    def check(ctx: LawContext) -> None:
        def either_way(item: Any) -> None:
            for query in s.queries:
                by_identity, by_member = (s.one(ctx, key, query) for key in (s.items.identity.raw(item), item[member]))
                ctx.expect(by_member == by_identity, brief(by_identity), by_member)

        with_member = [item for item in s.items.require_items(ctx) if item.get(member)]
        ctx.require(with_member, f"no item has {member}")
        ctx.for_each(ctx.sample(sample_items(with_member), 1), either_way)

    text = f"An item is found by its {member} as well as by its {s.items.identity.name}, in every type."
    return Law(id, s.fetch, "reading", clauses, text, check)


def unknown_fields_ignored(id: str, s: Representations, texts: Mapping[str, Sequence[str]], *clauses: str) -> Law:
    """``texts`` maps values of ``fields`` to the members returned for them, in addition to those always included."""

    def check(ctx: LawContext) -> None:
        whole = s.items.require_items(ctx)
        for text, included in texts.items():
            ctx.cases += 1
            got = s.items.fetch_all(ctx, {s.fields: text})
            want = [{name: item[name] for name in (*s.always, *included)} for item in whole]
            ctx.expect(got == want, f"items of {', '.join((*s.always, *included))} with {s.fields}={text}", got[:3])

    text = f"{s.fields} that no item has are ignored, and {', '.join(s.always)} are always included."
    return Law(id, s.items.operation, "selecting", clauses, text, check)


def fields_of_single(id: str, s: Representations, texts: Sequence[str], *clauses: str) -> Law:
    """``fields`` works for an item fetched alone as in the list, in every type."""

    def check(ctx: LawContext) -> None:
        extended = {s.items.identity.raw(item): item for item in s.all_extended(ctx)}

        def same_fields(item: Any) -> None:
            key = s.items.identity.raw(item)
            for text in ctx.sample(texts, 2):
                for whole, shape in zip((item, extended[key]), s.queries, strict=True):
                    query = {**shape, s.fields: text}
                    included = {*text.split(","), *s.always}
                    want = {name: value for name, value in whole.items() if name in included}
                    got = s.one(ctx, key, query)
                    ctx.expect(got == want, f"{brief(want)} with {brief(query)}", got)
                    listed = s.items.fetch_all(ctx, {**query, s.items.identity.name: key})
                    ctx.expect(listed == [want], f"{brief([want])} in the list with {brief(query)}", listed)

        ctx.for_each(ctx.sample(sample_items(s.items.require_items(ctx), 3), 1), same_fields)

    text = f"{s.fields} means the same for one item as in the list, in every type."
    return Law(id, s.fetch, "selecting", clauses, text, check)
