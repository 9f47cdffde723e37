"""Converts invoice summaries and customers to Flexprice's JSON.

Amounts are strings without trailing zeros (docs/vendors/flexprice.md#decimal-strings); members come in the order of the
vendor's type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from counterfoil.api import Json
from counterfoil.apis.flexprice.summary import Summary
from counterfoil.ledger.periods import start_of
from counterfoil.world.timestamps import format_timestamp
from counterfoil.world.to_json import shortest_text

if TYPE_CHECKING:
    from counterfoil.apis.flexprice.customers import Page
    from counterfoil.world.world import World

_CUSTOMER = re.compile(r"cust_([0-9]{8,16})", re.ASCII)
_EXTERNAL = re.compile(r"C-([0-9]{6,16})", re.ASCII)


def customer_id_of(customer: int) -> str:
    """``cust_00000001`` for the ledger's customer 1."""
    return f"cust_{customer:08d}"


def customer_number(customer_id: str) -> int | None:
    """The ledger's number for ``cust_00000001``; None for text that is not a customer id."""
    match = _CUSTOMER.fullmatch(customer_id)
    if match is None:
        return None
    number = int(match[1])
    return number if customer_id_of(number) == customer_id else None


def external_id_of(world: World, customer: int) -> str:
    """The caller's own id of the customer: the scenario's key for it, else ``C-000001``."""
    known = world.identity_overrides.get(customer)
    return (known.key if known else None) or f"C-{customer:06d}"


def customer_with(world: World, external_id: str) -> int | None:
    """The customer with that external id; None if there is none."""
    number = world.customer_with_key(external_id)
    match = _EXTERNAL.fullmatch(external_id)
    if number is None and match is not None:
        number = int(match[1])
    known = number is not None and world.ledger.knows(number) and external_id_of(world, number) == external_id
    return number if known else None


def customer_summaries(customer_id: str, summaries: Sequence[Summary]) -> Json:
    """A CustomerMultiCurrencyInvoiceSummary: always with all three members; ``summaries`` is never null."""
    return {
        "customer_id": customer_id,
        "default_currency": summaries[0].currency if summaries else "",
        "summaries": [_summary(customer_id, summary) for summary in summaries],
    }


def _summary(customer_id: str, summary: Summary) -> Json:
    return {
        "customer_id": customer_id,
        "currency": summary.currency,
        "total_revenue_amount": shortest_text(summary.revenue),
        "total_unpaid_amount": shortest_text(summary.unpaid),
        "total_overdue_amount": shortest_text(summary.overdue),
        "total_invoice_count": summary.count,
        "unpaid_invoice_count": summary.unpaid_count,
        "overdue_invoice_count": summary.overdue_count,
        "unpaid_usage_charges": shortest_text(summary.usage),
        "unpaid_fixed_charges": shortest_text(summary.fixed),
    }


def customer(world: World, number: int) -> Json:
    """A CustomerResponse (docs/vendors/flexprice.md#customer)."""
    contact = world.contact_of(number)
    since = format_timestamp(start_of(world.ledger.state_of(number).opened))
    return {
        "id": customer_id_of(number),
        "external_id": external_id_of(world, number),
        "name": contact.name,
        "email": contact.email,
        "contact": contact.phone,
        "address_line1": ", ".join(contact.street.splitlines()),
        "address_line2": "",
        "address_city": contact.city,
        "address_state": "",
        "address_postal_code": contact.zipcode,
        "address_country": contact.country,
        "timezone": "UTC",
        "metadata": {},
        "environment_id": "env_counterfoil",
        "tenant_id": "tenant_counterfoil",
        "status": "published",
        "created_at": since,
        "updated_at": since,
        "created_by": "",
        "updated_by": "",
    }


def customer_list(world: World, page: Page) -> Json:
    """A ListCustomersResponse (docs/vendors/flexprice.md#lists)."""
    return {
        "items": [customer(world, number) for number in page.customers],
        "pagination": {"total": page.total, "limit": page.limit, "offset": page.next_offset},
    }
