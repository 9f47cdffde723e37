"""The exceptions that the ledger raises for a refused command. When one is raised, nothing has changed."""

from __future__ import annotations


class LedgerError(Exception):
    """A refused command. ``field`` names the member of the command that is at fault, if there is one."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class UnknownRecord(LedgerError):
    """A command names a customer, tariff, run, bill or payment that is not in the ledger."""


class BadValue(LedgerError):
    """A value that is never valid: a negative quantity, an unknown currency, an end before its start."""


class RuleBroken(LedgerError):
    """A valid value that is not allowed now: a locked date, a payment of more than is owed, a clock moved back."""
