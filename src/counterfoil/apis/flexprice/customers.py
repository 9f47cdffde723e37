"""Selects the customers that Flexprice's list and search show: filtered, newest first, one page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from counterfoil.api import ApiError, Principal
from counterfoil.apis.flexprice.auth import may_see
from counterfoil.apis.flexprice.serializers import customer_number, customer_with, external_id_of

if TYPE_CHECKING:
    from counterfoil.world.world import World

DEFAULT_LIMIT = 50
NOT_OFFERED = ("filters", "sort", "expand", "metadata", "start_time", "end_time")
"""Members of the vendor's filter that this stand-in does not have: refused, because to ignore them would be wrong."""


MOST_BY_EMAIL = 1000
"""An e-mail address is invented when it is first shown; to find one, all have to be."""


class Page(msgspec.Struct, frozen=True):
    """The customers of one page, and how many there are on all pages."""

    customers: list[int]
    total: int
    limit: int
    offset: int

    @property
    def next_offset(self) -> int:
        """``pagination.offset``: where the next page begins; the offset as sent if this page is empty
        (docs/vendors/flexprice.md#lists)."""
        return self.offset + self.limit if self.customers else self.offset


def select(criteria: Mapping[str, Any], principal: Principal | None, world: World) -> Page:
    """The page of customers that meet all ``criteria``, a filter as the vendor names it.

    Raises ``ApiError`` (not_implemented) for a criterion that is not offered.
    """
    for name in NOT_OFFERED:
        if criteria.get(name) is not None:
            raise ApiError("not_implemented", f"the vendor can filter by {name}; this stand-in does not", where=name)
    limit, offset = criteria.get("limit") or DEFAULT_LIMIT, criteria.get("offset") or 0
    found = [number for number in _candidates(criteria, world) if may_see(principal, number, world)]
    for meets in _tests(criteria, world):
        found = [number for number in found if meets(number)]
    states = world.ledger.state_of
    found.sort(key=lambda number: (states(number).opened, number), reverse=criteria.get("order") != "asc")
    return Page(found[offset : offset + limit], len(found), limit, offset)


def _candidates(criteria: Mapping[str, Any], world: World) -> Iterable[int]:
    """The customers that the filter names, or all of them. No customer is archived or deleted here."""
    if criteria.get("status") not in (None, "published"):
        return ()
    ids, external_ids = criteria.get("customer_ids"), criteria.get("external_ids")
    if ids:
        named = {customer_number(each) for each in ids}
    elif external_ids:
        named = {customer_with(world, each) for each in external_ids}
    else:
        return range(1, world.ledger.customers + 1)
    return [number for number in named if number is not None and world.ledger.knows(number)]


def _tests(criteria: Mapping[str, Any], world: World) -> list[Callable[[int], bool]]:
    tests: list[Callable[[int], bool]] = []
    external = criteria.get("external_ids")
    if external:
        tests.append(lambda number: external_id_of(world, number) in external)
    if criteria.get("external_id"):
        tests.append(lambda number: external_id_of(world, number) == criteria["external_id"])
    if criteria.get("email"):
        if world.ledger.customers > MOST_BY_EMAIL:
            message = f"filtering by email is offered for at most {MOST_BY_EMAIL} customers"
            raise ApiError("not_implemented", message, where="email")
        tests.append(lambda number: world.party(number).email == criteria["email"])
    return tests
