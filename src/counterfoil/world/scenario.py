"""Scenarios: the readable YAML stories that worlds start from, checked against a schema that knows every key.

A mistake in a file is one ``ScenarioError`` with file, line and what to do. Reading yields data only; ``opening``
carries it out.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from counterfoil import disk_cache
from counterfoil.ledger.tariffs import Service
from counterfoil.world.commands import COMMANDS

if TYPE_CHECKING:
    import yaml

FORM = 1
"""To be raised whenever the kept form of the same YAML changes, so that what was kept before is not read."""

_INSTANT, _DAY = "\0instant", "\0day"

Key = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,40}$")]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Count = Annotated[int, Meta(ge=0, le=10**6)]


class ScenarioError(Exception):
    """A scenario that cannot be used; the message is one line: file, line, what is wrong, what to do."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    def __post_init__(self) -> None:
        """Numbers in a scenario are finite and never negative; shares go up to 1, tax rates to 100."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            most = {"tax_rate": 100, "share": 1, "spread": 1}.get(name, 10**12)
            if isinstance(value, Decimal) and not (value.is_finite() and 0 <= value <= most):
                raise ValueError(f"'{name}' must be a number from 0 to {most}")


class Seller(_Part, frozen=True, kw_only=True):
    """Who issues the bills. ``tax_rate`` is in percent, ``currency`` the seller's own."""

    name: str
    country: Country = "DE"
    currency: Currency = "EUR"
    tax_rate: Decimal = Decimal(19)
    vatin: str = "DE999999999"
    street: str = "Example Street 1"
    zipcode: str = "10115"
    city: str = "Berlin"
    email: str = "billing@seller.example"
    phone: str = "+49 30 0000000"


class Zone(_Part, frozen=True, kw_only=True):
    """Countries that share a price."""

    key: Key
    name: str
    countries: Annotated[tuple[Country, ...], Meta(min_length=1)]


class Package(_Part, frozen=True, kw_only=True):
    """Data bought ahead each month: ``volume`` megabytes in ``zone`` for ``fee``."""

    name: str
    zone: Key
    volume: Decimal
    fee: Decimal


class RatePlan(_Part, frozen=True, kw_only=True):
    """The price of one unit of ``service`` in ``zone``; ``by_country`` has other prices for single countries."""

    service: Service
    zone: Key
    per_unit: Decimal
    by_country: dict[Country, Decimal] = {}


class TariffPlan(_Part, frozen=True, kw_only=True):
    """A price list in one currency."""

    key: Key
    name: str
    currency: Currency = "EUR"
    monthly_fee: Decimal = Decimal(0)
    sim_fee: Decimal = Decimal(0)
    packages: tuple[Package, ...] = ()
    rates: tuple[RatePlan, ...] = ()


class Between(_Part, frozen=True, kw_only=True):
    """A date drawn from these two, both included."""

    first: date
    last: date


class Use(_Part, frozen=True, kw_only=True):
    """Use that recurs each month on ``day``."""

    service: Service = Service.DATA
    country: Country
    quantity: Decimal
    day: Annotated[int, Meta(ge=1, le=28)] = 10
    spread: Decimal = Decimal("0.5")


class Pays(_Part, frozen=True, kw_only=True):
    """Pays ``share`` of each bill, ``after`` days past its due date (before it, when negative)."""

    share: Decimal = Decimal(1)
    after: Annotated[int, Meta(ge=-28, le=366)] = 0


class Profile(_Part, frozen=True, kw_only=True):
    """A kind of customer in the scenery: ``weight`` says how common; each of its ``variants`` has numbers of its own."""

    name: str
    weight: Annotated[int, Meta(ge=1, le=10**6)] = 1
    variants: Annotated[int, Meta(ge=1, le=1000)] = 40
    tariffs: Annotated[tuple[Key, ...], Meta(min_length=1, max_length=9)]
    country: Country = "DE"
    sims: Annotated[tuple[Count, Count], Meta()] = (1, 20)
    joined: Between
    leaves: Between | None = None
    usage: tuple[Use, ...] = ()
    pays: Pays | None = None
    payment_method: str = "direct debit"
    tax_rate: Decimal | None = None
    group: str | None = None


class Population(_Part, frozen=True, kw_only=True):
    """The scenery: how many customers besides those in the story, and of which kinds."""

    count: Annotated[int, Meta(ge=0, le=5_000_000)] = 0
    profiles: Annotated[tuple[Profile, ...], Meta(min_length=1)]


class NamedCustomer(_Part, frozen=True, kw_only=True):
    """A customer the story speaks of, by ``key``. What is not said is painted."""

    key: Key
    name: str | None = None
    email: str | None = None
    country: Country | None = None
    currencies: tuple[Currency, ...] = ()
    tax_rate: Decimal | None = None
    payment_method: str = "bank transfer"
    group: str | None = None
    billed_to: Key | None = None
    tariff: Key | None = None
    sims: Count = 1
    starts: date | None = None


class Credential(_Part, frozen=True, kw_only=True):
    """A key that is known. ``may`` lists the APIs it may use (all, if null); ``customer`` narrows it to one customer."""

    key: Annotated[str, Meta(min_length=4, max_length=200)]
    may: tuple[str, ...] | None = None
    customer: Key | None = None


class MonthlyBilling(_Part, frozen=True, kw_only=True):
    """A run for every month from ``first`` to ``last`` (any day in them), cut off on the first of the next."""

    first: date
    last: date
    due_days: Annotated[int, Meta(ge=0, le=366)] = 14
    name: str = "{month}"


class ScenarioDefinition(_Part, frozen=True, kw_only=True):
    """A scenario file, as written."""

    title: str
    text: str
    starts: datetime
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 1
    seller: Seller
    zones: tuple[Zone, ...] = ()
    tariffs: tuple[TariffPlan, ...] = ()
    customers: tuple[NamedCustomer, ...] = ()
    population: Population | None = None
    credentials: tuple[Credential, ...] = (
        Credential(key="counterfoil-key"),
        Credential(key="counterfoil-forbidden", may=()),
    )
    switches: dict[str, bool | int | str] = {}
    billing: MonthlyBilling | None = None
    story: tuple[dict[str, Any], ...] = ()
    messages: tuple[str, ...] = ()


class Scenario(_Part, frozen=True, kw_only=True):
    """A scenario ready to be carried out: its name, the text of the file, and the digest that capsules name it by."""

    name: str
    definition: ScenarioDefinition
    digest: str
    where: str
    source: bytes

    @property
    def seller(self) -> Seller:
        return self.definition.seller


def read_scenario(path: Path) -> Scenario:
    """The scenario in a YAML file. Raises ``ScenarioError``."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_scenario(path.stem, source, str(path))


def parse_scenario(name: str, source: bytes, where: str) -> Scenario:
    """The scenario that YAML ``source`` tells. Raises ``ScenarioError`` with ``where`` and the line.

    What a source that was fine before said is kept, as specs are: with PyYAML to import it takes ten times as long.
    """
    digest = sha256(source).hexdigest()
    file = disk_cache.file_for("scenarios", f"{digest}-{FORM}")
    data = _kept(file)
    was_kept = data is not None
    if not was_kept:
        data = _parsed(source, where)
    try:
        definition = msgspec.convert(data, ScenarioDefinition, strict=True)
    except msgspec.ValidationError as error:
        raise ScenarioError(_at_line(where, source, str(error))) from None
    scenario = Scenario(name=name, definition=definition, digest=digest, where=where, source=source)
    _check_references(scenario)
    if not was_kept and file is not None:
        with contextlib.suppress(TypeError):  # what JSON cannot say is read again each time
            disk_cache.keep(file, msgspec.json.encode(_as_json(data)))
    return scenario


def _parsed(source: bytes, where: str) -> dict[Any, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = yaml.load(source, Loader=loader)  # noqa: S506 - a safe loader, the C one where there is one
    except (yaml.YAMLError, ValueError) as error:
        raise ScenarioError(f"{where}:{_yaml_mistake(error)}") from None
    if not isinstance(data, dict):
        raise ScenarioError(f"{where}:1: a scenario is a mapping with title, text, starts, seller, …")
    return data


def _kept(file: Path | None) -> Any:
    if file is None:
        return None
    try:
        data = _from_json(msgspec.json.decode(file.read_bytes()))
    except (OSError, ValueError, TypeError):  # spoilt: it is read anew
        return None
    return data if isinstance(data, dict) else None


def _as_json(value: Any) -> Any:
    """YAML's values in JSON's, so that ``_from_json`` makes the very same of them; TypeError where that cannot be."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) and not key.startswith("\0") for key in value):
            raise TypeError("a key that is no text, or one of ours")
        return {key: _as_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_as_json(each) for each in value]
    if isinstance(value, datetime):
        return {_INSTANT: value.isoformat()}
    if isinstance(value, date):
        return {_DAY: value.isoformat()}
    if value is None or isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    raise TypeError(type(value).__name__)


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        if _INSTANT in value:
            return datetime.fromisoformat(value[_INSTANT])
        if _DAY in value:
            return date.fromisoformat(value[_DAY])
        return {key: _from_json(member) for key, member in value.items()}
    return [_from_json(each) for each in value] if isinstance(value, list) else value


def step_of(scenario: Scenario, index: int) -> tuple[datetime | None, str, Mapping[str, Any]]:
    """Step ``index`` of the story: when, which command, and its members. Raises ``ScenarioError``."""
    step = dict(scenario.definition.story[index])
    at = step.pop("at", None)
    if at is not None and (not isinstance(at, datetime) or at.tzinfo is None):
        raise wrong_step(scenario, index, "'at' must be an instant such as 2026-01-05T09:00:00Z")
    if len(step) != 1 or (name := next(iter(step))) not in COMMANDS:
        raise wrong_step(scenario, index, f"give one command; there are: {', '.join(COMMANDS)}")
    members = step[name]
    if not isinstance(members, dict):
        raise wrong_step(scenario, index, f"{name} takes a mapping of its members")
    return at, name, members


def wrong_step(scenario: Scenario, index: int, mistake: str) -> ScenarioError:
    """What to raise for step ``index`` of the story: the line it stands on, and what is wrong with it."""
    line = _line(_composed(scenario.source), [("story", ""), ("", str(index))]) + 1
    return ScenarioError(f"{scenario.where}:{line}: story step {index + 1}: {mistake}")


def _check_references(scenario: Scenario) -> None:
    """Every key that names another part of the file names one that is there, once."""
    definition = scenario.definition

    def refuse(path: str, message: str) -> None:
        raise ScenarioError(_at_line(scenario.where, scenario.source, f"{message} - at `$.{path}`"))

    if definition.starts.tzinfo is None:
        refuse("starts", "'starts' needs a time zone, as in 2026-01-01T00:00:00Z")
    for part in ("zones", "tariffs", "customers"):
        keys = [item.key for item in getattr(definition, part)]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                refuse(f"{part}[{index}].key", f"'{key}' is there twice")
    zones = {zone.key for zone in definition.zones}
    for index, tariff in enumerate(definition.tariffs):
        for kind in ("packages", "rates"):
            for place, item in enumerate(getattr(tariff, kind)):
                if item.zone not in zones:
                    refuse(f"tariffs[{index}].{kind}[{place}].zone", f"there is no zone '{item.zone}'")
    tariffs = {tariff.key for tariff in definition.tariffs}
    customers = [customer.key for customer in definition.customers]
    for index, customer in enumerate(definition.customers):
        if customer.tariff and customer.tariff not in tariffs:
            refuse(f"customers[{index}].tariff", f"there is no tariff '{customer.tariff}'")
        if customer.billed_to and customer.billed_to not in customers[:index]:
            refuse(f"customers[{index}].billed_to", f"'{customer.billed_to}' is no customer above this one")
    for index, profile in enumerate(definition.population.profiles if definition.population else ()):
        for place, key in enumerate(profile.tariffs):
            if key not in tariffs:
                refuse(f"population.profiles[{index}].tariffs[{place}]", f"there is no tariff '{key}'")
    for index, credential in enumerate(definition.credentials):
        if credential.customer and credential.customer not in customers:
            refuse(f"credentials[{index}].customer", f"there is no customer '{credential.customer}'")


def _yaml_mistake(error: Exception) -> str:
    import yaml

    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"{error.problem_mark.line + 1}: not valid YAML: {error.problem}"
    return f"1: not valid YAML: {str(error).splitlines()[0]}"


def _composed(source: bytes) -> yaml.Node:
    """The file as nodes that know their lines. It was read before, as a mapping."""
    import yaml

    tree = yaml.compose(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    assert tree is not None
    return tree


def _at_line(where: str, source: bytes, mistake: str) -> str:
    """A msgspec message with its JSON path turned into a line number."""
    message, _, path = mistake.partition(" - at `")
    steps = re.findall(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]", path)
    unknown = re.search(r"unknown field `(.+)`", message)
    if unknown:
        steps.append((unknown[1], ""))
        message = f"unknown key '{unknown[1]}'"
    place = path.strip("$.`")
    return f"{where}:{_line(_composed(source), steps) + 1}: {message}{f' ({place})' if place else ''}"


def _line(node: yaml.Node, steps: list[tuple[str, str]]) -> int:
    import yaml

    line = int(node.start_mark.line)
    for key, index in steps:
        if isinstance(node, yaml.MappingNode) and key:
            for key_node, value_node in node.value:
                if key_node.value == key:
                    line, node = int(key_node.start_mark.line), value_node
                    break
            else:
                return line
        elif isinstance(node, yaml.SequenceNode) and index and int(index) < len(node.value):
            node = node.value[int(index)]
            line = int(node.start_mark.line)
        else:
            return line
    return line
