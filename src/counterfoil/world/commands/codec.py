"""Reads and writes commands as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from counterfoil.ledger.errors import BadValue
from counterfoil.world.commands.access import IssueToken, NoteLogin, SetSwitch
from counterfoil.world.commands.bills import (
    ApplyCredit,
    CancelBill,
    HoldBill,
    IssueCreditNote,
    RecordPayment,
    RefundPayment,
    ReleaseBill,
    ResolvePayment,
)
from counterfoil.world.commands.clock import AdvanceClock
from counterfoil.world.commands.command import Command, parse_instants
from counterfoil.world.commands.customers import (
    AddCustomer,
    CancelSubscription,
    PauseSubscription,
    ResumeSubscription,
    Subscribe,
)
from counterfoil.world.commands.resources import WriteResource, WriteResources
from counterfoil.world.commands.runs import CreateRun, RequestBill, RequestBills, UpdateRun
from counterfoil.world.commands.usage import AddCharge, RateAgain, RecordUsage
from counterfoil.world.to_json import to_json
from counterfoil.world.written_numbers import misread_numbers

AnyCommand = (
    AddCustomer
    | Subscribe
    | CancelSubscription
    | PauseSubscription
    | ResumeSubscription
    | RecordUsage
    | RateAgain
    | AddCharge
    | CreateRun
    | UpdateRun
    | RequestBills
    | RequestBill
    | HoldBill
    | ReleaseBill
    | CancelBill
    | RecordPayment
    | ResolvePayment
    | RefundPayment
    | IssueCreditNote
    | ApplyCredit
    | AdvanceClock
    | SetSwitch
    | IssueToken
    | NoteLogin
    | WriteResource
    | WriteResources
)

COMMANDS: dict[str, type[Command]] = {str(kind.__struct_config__.tag): kind for kind in AnyCommand.__args__}
"""Every command by its name in JSON and in scenarios."""


_LOGGED = msgspec.json.Decoder(list[AnyCommand])
"""Created once, because creating a decoder takes 0.1 ms."""


def encode_command(command: Command) -> bytes:
    """``command`` as the bytes of its JSON, for a store. Raises ``BadValue`` for lone surrogates."""
    try:
        return msgspec.json.encode(command)
    except UnicodeEncodeError:
        raise BadValue("text must be valid Unicode, without lone surrogates", field="command") from None


def decode_commands(encoded: Iterable[bytes]) -> list[Command]:
    """The commands that ``encode_command`` wrote. Raises ``ValueError``."""
    return list(_LOGGED.decode(b"[" + b",".join(encoded) + b"]"))


def read_command(data: Any) -> Command:
    """The command in a JSON object. Raises ``BadValue`` that names the wrong member."""
    if isinstance(data, dict):
        data = parse_instants(data, ("to", "started_at"))
        kind = COMMANDS.get(str(data.get("command")))
        for field, message in misread_numbers(data, kind) if kind else ():
            raise BadValue(message, field=field)
    try:
        command: Command = msgspec.convert(data, AnyCommand, str_keys=True)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise BadValue(message, field=path.strip(".`") or "command") from None
    return command


def write_command(command: Command) -> dict[str, Any]:
    """``command`` as a JSON object, without members that have their default value."""
    members: dict[str, Any] = to_json(command)
    defaults = dict(zip(command.__struct_fields__[::-1], command.__struct_defaults__[::-1], strict=False))
    return {
        name: value
        for name, value in members.items()
        if name == "command" or name not in defaults or getattr(command, name) != defaults[name]
    }
