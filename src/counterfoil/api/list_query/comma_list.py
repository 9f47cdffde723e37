"""Reads comma lists in a query, the same for every API (docs/vendors/README.md#empty-values)."""

from __future__ import annotations


def list_items(text: str | None) -> list[str]:
    """The items of ``a, b,c``, without the spaces around them and without empty ones; none for None."""
    return [item for part in text.split(",") if (item := part.strip())] if text else []
