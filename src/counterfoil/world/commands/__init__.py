"""Every change to a world, as data: one class for each command.

A command is applied completely or refused with a ``LedgerError``. Decimals are amounts in the account's currency, instants
are UTC. Members that are left out take the world's time or the ledger's default, as each class says.
"""

from __future__ import annotations

from counterfoil.world.commands.access import IssueToken, NoteLogin, SetSwitch
from counterfoil.world.commands.bills import (
    ApplyCredit,
    CancelBill,
    CreditedLine,
    HoldBill,
    IssueCreditNote,
    RecordPayment,
    RefundPayment,
    ReleaseBill,
    ResolvePayment,
)
from counterfoil.world.commands.clock import AdvanceClock
from counterfoil.world.commands.codec import (
    COMMANDS,
    AnyCommand,
    decode_commands,
    encode_command,
    read_command,
    write_command,
)
from counterfoil.world.commands.command import Command
from counterfoil.world.commands.customers import (
    AddCustomer,
    CancelSubscription,
    PauseSubscription,
    ResumeSubscription,
    Subscribe,
)
from counterfoil.world.commands.resources import ResourceWrite, WriteResource, WriteResources, in_one
from counterfoil.world.commands.runs import CreateRun, RequestBill, RequestBills, UpdateRun
from counterfoil.world.commands.usage import AddCharge, RateAgain, RecordUsage

__all__ = [
    "COMMANDS",
    "AddCharge",
    "AddCustomer",
    "AdvanceClock",
    "AnyCommand",
    "ApplyCredit",
    "CancelBill",
    "CancelSubscription",
    "Command",
    "CreateRun",
    "CreditedLine",
    "HoldBill",
    "IssueCreditNote",
    "IssueToken",
    "NoteLogin",
    "PauseSubscription",
    "RateAgain",
    "RecordPayment",
    "RecordUsage",
    "RefundPayment",
    "ReleaseBill",
    "RequestBill",
    "RequestBills",
    "ResolvePayment",
    "ResourceWrite",
    "ResumeSubscription",
    "SetSwitch",
    "Subscribe",
    "UpdateRun",
    "WriteResource",
    "WriteResources",
    "decode_commands",
    "encode_command",
    "in_one",
    "read_command",
    "write_command",
]
