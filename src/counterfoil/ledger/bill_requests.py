"""Requests for a bill on demand: one account is billed outside the regular runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RequestState(StrEnum):
    IN_PROGRESS = "in progress"
    DONE = "done"
    REJECTED = "rejected"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BillRequest:
    """A request to bill an account at ``due_at``. ``ordinal`` counts the customer's requests from 1.

    It is rejected if there is nothing to bill. With ``rated_only`` it fails if open usage has no price yet.
    ``invoice`` is the ordinal of the issued bill.
    """

    ordinal: int
    account: int
    requested_at: datetime
    due_at: datetime
    changed_at: datetime
    state: RequestState = RequestState.IN_PROGRESS
    rated_only: bool = True
    invoice: int | None = None
    name: str | None = None
    description: str | None = None
