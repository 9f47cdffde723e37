"""What the ledger refuses, as exceptions that name the field and the rule. Nothing has changed when one is raised."""

from __future__ import annotations


class LedgerError(Exception):
    """A command the ledger will not carry out. ``field`` names the command's member at fault, if one is."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class UnknownRecord(LedgerError):
    """A command names a customer, tariff, run, bill or payment that is not in the ledger."""


class BadValue(LedgerError):
    """A value that can never be right: a negative quantity, an unknown currency, an end before its start."""


class RuleBroken(LedgerError):
    """A value that is fine in itself, but not now: a locked date, a payment over what is owed, a clock moved back."""
