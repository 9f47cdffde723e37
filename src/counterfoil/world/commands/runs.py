"""Commands about billing runs and bills on demand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from counterfoil.world.commands.command import Command, Number, Text

if TYPE_CHECKING:
    from counterfoil.world.state import WorldState


_RunText = Annotated[str, Meta(max_length=200)] | None | UnsetType


class _RunFields(Command, frozen=True, kw_only=True):
    name: _RunText = UNSET
    subrun: _RunText = UNSET
    message: _RunText = UNSET
    invoice_date: date | UnsetType | None = UNSET
    cutoff_date: date | UnsetType | None = UNSET
    transaction_cutoff_date: date | UnsetType | None = UNSET
    due_date: date | UnsetType | None = UNSET

    def fields(self) -> dict[str, Any]:
        """The members that were given, including those given as null."""
        names = ("name", "subrun", "message", "invoice_date", "cutoff_date", "transaction_cutoff_date", "due_date")
        return {name: value for name in names if (value := getattr(self, name)) is not UNSET}


class CreateRun(_RunFields, frozen=True, kw_only=True, tag="create_run"):
    """Create a billing run for usage before ``cutoff_date`` and other charges through ``transaction_cutoff_date``."""

    def apply(self, world: WorldState) -> Any:
        return world.ledger.create_run(self.fields(), world.now)


class UpdateRun(_RunFields, frozen=True, kw_only=True, tag="update_run"):
    """Change the given members of a run. The dates and the message are locked once its bills are requested."""

    run: Number

    def apply(self, world: WorldState) -> Any:
        return world.ledger.update_run(self.run, self.fields(), world.now)


class RequestBills(Command, frozen=True, kw_only=True, tag="request_bills"):
    """Request a run's bills. By the world's clock it is Running a minute later and Complete after four more."""

    run: Number

    def apply(self, world: WorldState) -> Any:
        return world.ledger.request_bills(self.run, world.now)


class RequestBill(Command, frozen=True, kw_only=True, tag="request_bill"):
    """Request a bill on demand over the open charges of an account; it is issued after some minutes of the world's clock.

    It is rejected if there is nothing to bill. With ``rated_only`` it fails if usage without a price is open.
    """

    customer: Number
    account: Annotated[int, Meta(ge=0, le=8)] = 0
    minutes: Annotated[int, Meta(ge=0, le=10**6)] = 5
    rated_only: bool = True
    name: Text | None = None
    description: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None

    def apply(self, world: WorldState) -> Any:
        return world.ledger.request_bill(
            self.customer,
            self.account,
            due_at=world.now + timedelta(minutes=self.minutes),
            now=world.now,
            rated_only=self.rated_only,
            name=self.name,
            description=self.description,
        )
