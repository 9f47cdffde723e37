"""Capsules: everything needed to rebuild a world byte for byte, as one JSON object.

A capsule holds the version, the scenario with its text, the seed and the commands, and the digest of the resulting world.
Opening one replays it and compares digests.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Annotated, Any

import msgspec

import counterfoil
from counterfoil.ledger.errors import LedgerError
from counterfoil.plain_text import counted
from counterfoil.world.commands import read_command, write_command
from counterfoil.world.scenario import ScenarioError
from counterfoil.world.scenario_loader import parse_scenario
from counterfoil.world.scenario_runner import Check, customers_of, run_scenario
from counterfoil.world.switches import KnownSwitches, Switch
from counterfoil.world.world import World


class CapsuleError(Exception):
    """A capsule that cannot be opened, or whose replay gives a different world; the message is one line."""


class Capsule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The JSON of a capsule. ``digest`` is that of the resulting world, ``scenario_digest`` that of the scenario's text."""

    counterfoil: str
    scenario: str
    scenario_digest: str
    scenario_text: str
    seed: int
    customers: Annotated[int, msgspec.Meta(ge=0, le=5_000_000)] | None = None
    switches: dict[str, bool | int | str] = {}
    commands: list[dict[str, Any]] = []
    digest: str


def make_capsule(world: World) -> Capsule:
    """The capsule of a world as it is now."""
    return Capsule(
        counterfoil=counterfoil.__version__,
        scenario=world.scenario.name,
        scenario_digest=world.scenario.digest,
        scenario_text=world.scenario.source.decode(),
        seed=world.seed,
        customers=world.requested_customers,
        switches={name: value for name, value in world.chosen.items() if isinstance(value, bool | int | str)},
        commands=[write_command(command) for command in world.commands],
        digest=digest_of(world),
    )


def encode_capsule(capsule: Capsule) -> bytes:
    """The capsule as JSON on one line.

    Encodes one command at a time: encoding 60,000 in one call would block every other thread for a tenth of a second.
    """
    commands = b",".join([msgspec.json.encode(command) for command in capsule.commands])
    rest = msgspec.json.encode(msgspec.structs.replace(capsule, commands=[]))
    before, member, after = rest.rpartition(b'"commands":[')
    return before + member + commands + after


def write_capsule(world: World) -> bytes:
    """The capsule as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(make_capsule(world)), indent=1) + b"\n"


def read_capsule(data: bytes) -> Capsule:
    """The capsule in JSON ``data``. Raises ``CapsuleError`` that says what is wrong with it."""
    try:
        return msgspec.json.decode(data, type=Capsule)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CapsuleError(f"not a capsule: {error}") from None


def capsule_of(data: Any) -> Capsule:
    """The capsule in a JSON object; raises ``CapsuleError`` naming what is wrong with it."""
    try:
        return msgspec.convert(data, Capsule)
    except msgspec.ValidationError as error:
        raise CapsuleError(f"not a capsule: {error}") from None


def open_capsule(
    capsule: Capsule,
    known_switches: KnownSwitches | Iterable[Switch],
    *,
    name: str = "default",
    most_customers: int | None = None,
    check: Check | None = None,
    any_version: bool = False,
) -> World:
    """Rebuild the world of a capsule. ``check`` is called before each command and may raise an exception to stop it.

    Raises ``CapsuleError`` if the version, the scenario's text or the resulting world differs, or if the scenario has more
    customers than ``most_customers``. With ``any_version`` the version may differ; generated names and addresses, which the
    digest does not cover, may then differ too.
    """
    if not any_version and capsule.counterfoil != counterfoil.__version__:
        raise CapsuleError(
            f"made by counterfoil {capsule.counterfoil}; this is {counterfoil.__version__}, which may replay it differently"
        )
    source = capsule.scenario_text.encode()
    if sha256(source).hexdigest() != capsule.scenario_digest:
        raise CapsuleError(f"the text of scenario '{capsule.scenario}' does not match its digest")
    try:
        scenario = parse_scenario(capsule.scenario, source, f"capsule:{capsule.scenario}")
        customers = customers_of(scenario.definition, capsule.customers)
        if most_customers is not None and customers > most_customers:
            raise CapsuleError(
                f"its scenario has {counted(customers, 'customer')}; a world has up to {most_customers} here"
            )
        world = run_scenario(
            scenario,
            seed=capsule.seed,
            customers=capsule.customers,
            switches=capsule.switches,
            known_switches=known_switches,
            name=name,
            check=check,
        )
        for index, command in enumerate(capsule.commands, 1):
            _replay(world, index, command, check)
    except (ScenarioError, LedgerError) as error:
        raise CapsuleError(str(error)) from None
    if digest_of(world) != capsule.digest:
        raise CapsuleError("the replayed world differs from the original: the digests differ")
    return world


def digest_of(world: World) -> str:
    """SHA-256 over the state that a world's commands produce: equal worlds have equal digests, on every machine.

    Access tokens and failed logins are not part of it: a capsule does not restore logins.
    """
    digest = sha256(repr((world.now, sorted(world.switches.items()), sorted(world.ledger.runs.items()))).encode())
    digest.update(repr(sorted(world.identity_overrides.items())).encode())
    digest.update(repr((world.scenario.name, world.seed)).encode())
    if len(world.resources):
        digest.update(repr(world.resources).encode())
    states = [sha256(repr(state).encode()).digest() for state in world.ledger.store.states()]
    for slot in world.ledger.store.slots():
        digest.update(states[slot])
    return digest.hexdigest()


def _replay(world: World, index: int, written: dict[str, Any], check: Check | None) -> None:
    try:
        command = read_command(written)
        if check is not None:
            check(world, command)
        world.execute(command)
    except LedgerError as error:
        member = f" ({error.field})" if error.field else ""
        raise CapsuleError(f"command {index} of {written.get('command')!r}: {error.message}{member}") from None
