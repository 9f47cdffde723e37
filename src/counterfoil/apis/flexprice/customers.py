"""Selects the customers that Flexprice's list and search show: filtered, newest first, one page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from counterfoil.api import ApiError, Principal
from counterfoil.apis.flexprice.auth import may_see
from counterfoil.apis.flexprice.serializers import customer_number, customer_with, external_id_of
from counterfoil.ledger.periods import start_of
from counterfoil.world.timestamps import Timestamp, parse_timestamp

if TYPE_CHECKING:
    from counterfoil.world.world import World

DEFAULT_LIMIT = 50
UNSUPPORTED_CRITERIA = ("filters", "sort", "expand", "metadata")
"""Members of the vendor's filter that this stand-in does not support. They are refused: ignoring them would be wrong."""


MAX_EMAILS_GENERATED = 1000
"""E-mail addresses are generated when first shown, so finding one requires generating all."""


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
    """The page of customers that meet all ``criteria``, which have the vendor's names.

    Raises ``ApiError`` (not_implemented) for an unsupported criterion.
    """
    for name in UNSUPPORTED_CRITERIA:
        if criteria.get(name) is not None:
            raise ApiError("not_implemented", f"the vendor can filter by {name}; this stand-in does not", where=name)
    limit, offset = criteria.get("limit") or DEFAULT_LIMIT, criteria.get("offset") or 0
    found = [number for number in _candidates(criteria, world) if may_see(principal, number, world)]
    for test in _tests(criteria, world):
        found = [number for number in found if test(number)]
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

    def created(number: int) -> Timestamp:
        return start_of(world.ledger.state_of(number).opened), 0

    external = criteria.get("external_ids")
    if external:
        tests.append(lambda number: external_id_of(world, number) in external)
    if criteria.get("external_id"):
        tests.append(lambda number: external_id_of(world, number) == criteria["external_id"])
    first, last = _instant(criteria, "start_time"), _instant(criteria, "end_time")
    if first is not None:
        tests.append(lambda number: created(number) >= first)
    if last is not None:
        tests.append(lambda number: created(number) <= last)
    if criteria.get("email"):
        if world.ledger.customers > MAX_EMAILS_GENERATED:
            message = f"filtering by email is offered for at most {MAX_EMAILS_GENERATED} customers"
            raise ApiError("not_implemented", message, where="email")
        tests.append(lambda number: world.contact_of(number).email == criteria["email"])
    return tests


def _instant(criteria: Mapping[str, Any], name: str) -> Timestamp | None:
    if criteria.get(name) is None:
        return None
    try:
        return parse_timestamp(criteria[name])
    except ValueError as error:
        raise ApiError("malformed", str(error), where=name) from None
