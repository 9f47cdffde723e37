"""Laws about each item of a list (or each document of several): arithmetic, enums, agreement between members.

It refuses to know what is computed; the law book says it in a function of one item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Collection as Among
from decimal import Decimal
from typing import Any

from counterfoil.contract.collection import Collection, Field
from counterfoil.contract.law import Law, Trial, says

Complaint = tuple[str, Any] | None
"""``(expected, got)``, or ``None`` when the item is as it should be."""


def each(
    id: str,
    c: Collection,
    check_item: Callable[[Any], Complaint],
    *clauses: str,
    family: str = "arithmetic",
    only: Callable[[Any], bool] = lambda item: True,
    lacking: str = "no item to try it on",
) -> Law:
    """``check_item`` has no complaint about any item that ``only`` picks. Its docstring is the law's sentence."""

    def check(trial: Trial) -> None:
        chosen = [item for item in c.whole(trial) if only(item)]
        trial.need(chosen, lacking)
        for item in chosen:
            trial.cases += 1
            complaint = check_item(item)
            if complaint is not None:
                expected, got = complaint
                trial.broken(f"{expected} ({c.identity.name} {c.identity.raw(item)})", got)

    return Law(id, c.operation, family, clauses, says(check_item), check)


def documents(
    id: str,
    operation: str,
    fetch: Callable[[Trial], Iterable[tuple[str, Any]]],
    check_document: Callable[[Any], Complaint],
    *clauses: str,
    family: str = "arithmetic",
    lacking: str = "no document to try it on",
) -> Law:
    """Like ``each`` for answers that are no list: ``fetch`` yields pairs of a name for messages and a document.

    Use ``trial.observe`` inside ``fetch``, so that the laws of a family share the requests.
    """

    def check(trial: Trial) -> None:
        for name, document in fetch(trial):
            trial.cases += 1
            complaint = check_document(document)
            if complaint is not None:
                trial.broken(f"{complaint[0]} ({name})", complaint[1])
        trial.need(trial.cases, lacking)

    return Law(id, operation, family, clauses, says(check_document), check)


def unique(id: str, c: Collection, *clauses: str) -> Law:
    """No identity occurs twice."""

    def check(trial: Trial) -> None:
        """No two items of the list have the same identity, and none is without."""
        ids = c.ids(c.some(trial))
        trial.expect(None not in ids, f"every item has {c.identity.name}", ids)
        twice = [one for one in dict.fromkeys(ids) if ids.count(one) > 1]
        trial.expect(not twice, f"every {c.identity.name} once", f"twice: {twice[:5]}")

    return Law(id, c.operation, "identity", clauses, says(check), check)


def one_of(id: str, c: Collection, member: Field, allowed: Among[Any], *clauses: str) -> Law:
    """A member has one of the documented values."""

    def check(trial: Trial) -> None:
        for item in c.some(trial):
            trial.cases += 1
            value = member.raw(item)
            trial.expect(
                value in allowed, f"{member.name} one of {', '.join(map(str, allowed))}", f"{value!r} in {item}"
            )

    text = f"{member.name} is one of {', '.join(map(str, allowed))}."
    return Law(id, c.operation, "enums", clauses, text, check)


def close(left: Any, right: Any, within: str = "0.005") -> bool:
    """Two amounts agree, up to rounding to the cent (or ``within``)."""
    return abs(Decimal(str(left)) - Decimal(str(right))) <= Decimal(within)
