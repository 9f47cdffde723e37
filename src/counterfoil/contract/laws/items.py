"""Laws about each item of a list, or each of several documents: arithmetic, enums, agreement between members."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from typing import Any

from counterfoil.contract.collection import ItemList
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import Field
from counterfoil.contract.law import Law, brief, says

Mismatch = tuple[str, Any] | None
"""``(expected, got)``, or ``None`` when the item is correct."""


def each(
    id: str,
    c: ItemList,
    check_item: Callable[[Any], Mismatch],
    *clauses: str,
    family: str = "arithmetic",
    only: Callable[[Any], bool] = lambda item: True,
    lacking: str = "there is no item",
) -> Law:
    """``check_item`` finds no mismatch in any item that ``only`` selects. Its docstring is the law's sentence."""

    def check(ctx: LawContext) -> None:
        selected = [item for item in c.whole_list(ctx) if only(item)]
        ctx.require(selected, lacking)
        for item in selected:
            ctx.cases += 1
            mismatch = check_item(item)
            if mismatch is not None:
                expected, got = mismatch
                ctx.fail(f"{expected} ({c.identity.name} {c.identity.raw(item)})", got)

    return Law(id, c.operation, family, clauses, says(check_item), check)


def documents(
    id: str,
    operation: str,
    fetch: Callable[[LawContext], Iterable[tuple[str, Any]]],
    check_document: Callable[[Any], Mismatch],
    *clauses: str,
    family: str = "arithmetic",
    only: Callable[[Any], bool] = lambda document: True,
    lacking: str = "there is no document",
) -> Law:
    """Like ``each`` for responses that are not a list: ``fetch`` yields pairs of a name for messages and a document.

    ``only`` selects the documents in which there is something to check. Use ``ctx.cached`` inside ``fetch``, so that the laws
    of a family share the requests.
    """

    def check(ctx: LawContext) -> None:
        for name, document in fetch(ctx):
            if not only(document):
                continue
            ctx.cases += 1
            mismatch = check_document(document)
            if mismatch is not None:
                ctx.fail(f"{mismatch[0]} ({name})", mismatch[1])
        ctx.require(ctx.cases, lacking)

    return Law(id, operation, family, clauses, says(check_document), check)


def unique(id: str, c: ItemList, *clauses: str) -> Law:
    """No two items of the list have the same identity, and every item has one."""

    def check(ctx: LawContext) -> None:
        ids = c.ids(c.require_items(ctx))
        ctx.expect(None not in ids, f"every item has {c.identity.name}", ids)
        twice = [one for one in dict.fromkeys(ids) if ids.count(one) > 1]
        ctx.expect(not twice, f"every {c.identity.name} once", f"twice: {brief(twice[:5])}")

    return Law(id, c.operation, "identity", clauses, says(unique), check)


def one_of(id: str, c: ItemList, member: Field, allowed: Collection[Any], *clauses: str, optional: bool = False) -> Law:
    """A member has one of the documented values; if ``optional``, it may be missing."""

    def check(ctx: LawContext) -> None:
        having = [item for item in c.require_items(ctx) if not optional or member.raw(item) is not None]
        ctx.require(having, f"no item has {member.name}")
        for item in having:
            ctx.cases += 1
            value = member.raw(item)
            ctx.expect(
                value in allowed,
                f"{member.name} one of {', '.join(map(str, allowed))}",
                f"{brief(value)} in {brief(item)}",
            )

    text = f"{member.name} is one of {', '.join(map(str, allowed))}."
    return Law(id, c.operation, "enums", clauses, text, check)


def close(left: Any, right: Any, within: str = "0.005") -> bool:
    """Two amounts agree, up to rounding to the cent (or ``within``)."""
    return abs(Decimal(str(left)) - Decimal(str(right))) <= Decimal(within)
