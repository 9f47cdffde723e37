"""Filters, sorts and pages lists whose rows are the same for all customers that share an account state.

A million customers may share a few hundred account states. Tests and sort keys that depend on the state alone are
computed once per state; single customers matter only for the page that is shown. An API builds a ``Table`` from its account
states, turns a query into ``RowTest``s and ``SortKey``s, calls ``select``, and asks the result for pages.
"""

from __future__ import annotations

from counterfoil.api.list_query.comma_list import list_items
from counterfoil.api.list_query.pages import ExplicitSelection, Selection, SharedSelection
from counterfoil.api.list_query.select import CustomerTest, select
from counterfoil.api.list_query.table import Column, RowTest, SortKey, Table

__all__ = [
    "Column",
    "CustomerTest",
    "ExplicitSelection",
    "RowTest",
    "Selection",
    "SharedSelection",
    "SortKey",
    "Table",
    "list_items",
    "select",
]
