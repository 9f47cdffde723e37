"""The reference of the pytest fixture and of ``Sandbox``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import FunctionType
from typing import Any, get_overloads

from md import code, fence, page, prose, section, slug, table

from counterfoil import pytest_plugin
from counterfoil.contract import contract_tests
from counterfoil.testing import RecordedRequest, Sandbox
from counterfoil.testing.world_client import Clock, WorldCommands
from counterfoil.world.commands import COMMANDS

GROUPS = {
    "Addresses and clients": ("url", "key", "headers", "client", "transport", "session", "intercept"),
    "Clock and commands": ("clock", "world", "ids", "store", "reset", "capsule"),
    "Faults and other answers": ("fail", "faults", "remove_fault", "clear_faults", "respond", "clear_responses"),
    "Requests that were made": ("requests", "assert_called", "assert_not_called", "clear_requests"),
    "Closing": ("close",),
}
KEY = "A credential that every API accepts."
MARK = {
    "scenario": "A scenario's name; or a YAML file, looked for beside the test, in pytest's root folder, and "
    "where pytest was started.",
    "seed": "The seed of what is generated; by default the scenario's.",
    "customers": "How many customers in all, simulated ones included.",
    "switches": "Choices other than the defaults, by name.",
    "spec": "An OpenAPI document of your own, looked for beside the test or in pytest's root folder; the five "
    "APIs are not served then.",
    "model": "A model file that corrects what is inferred from `spec`.",
    "handlers": "A Python file of yours that answers operations of `spec`.",
    "rows": "How many resources each collection of `spec` begins with.",
}


def fixture() -> str:
    public = {name for name in dir(Sandbox) if not name.startswith("_")}
    grouped = [name for names in GROUPS.values() for name in names]
    if public != set(grouped):
        raise SystemExit(f"python_pages.GROUPS: {sorted(public ^ set(grouped))} are in one of the two only")
    sections = [
        section(title, *(_attribute(Sandbox, name, KEY if name == "key" else "") for name in names), anchor=slug(title))
        for title, names in GROUPS.items()
    ]
    return page(
        "Fixture and Sandbox",
        "The fixture `counterfoil` gives each test a world of its own: a `counterfoil.Sandbox`. Without pytest, "
        '`with counterfoil.Sandbox(scenario="late-payer") as sandbox:` is the same.',
        section("Which world", _which_world(), anchor="which-world"),
        *sections,
        section("The clock", *(_attribute(Clock, name) for name in ("now", "advance")), anchor="clock"),
        section("Commands of the world", _world_commands(), anchor="world"),
        section(
            "A recorded request", prose(_doc(RecordedRequest)), _fields(RecordedRequest), anchor="recorded-request"
        ),
        section("Without pytest", *(_signature("Sandbox", Sandbox.__init__), prose(_doc(Sandbox))), anchor="sandbox"),
        section(
            "Contract tests",
            _signature("contract_tests", contract_tests),
            prose(_doc(contract_tests)),
            anchor="contract-tests",
        ),
    )


def _which_world() -> str:
    if set(MARK) != {*pytest_plugin.SETTINGS, *pytest_plugin.OWN}:
        raise SystemExit("python_pages.MARK: explain each setting of the mark")
    options = [(f"`{name}` `{attributes['metavar']}`", attributes["help"]) for name, attributes in _options()]
    return "\n\n".join(
        [
            "`@pytest.mark.counterfoil(…)` on a test, a class or (`pytestmark = …`) a module says which world it "
            "gets; the closest mark counts.",
            table(["argument", "what it is"], [(code(name), text) for name, text in MARK.items()]),
            "For tests that choose none, the same names may stand in `[tool.counterfoil]` of pyproject.toml, "
            "besides `capsules`, the folder for failed "
            f"tests' worlds (`{pytest_plugin.DEFAULT_CAPSULES}`, of which the newest {pytest_plugin.KEPT_CAPSULES} "
            f"are kept). Options of pytest come first:",
            table(["option", "what it does"], options),
        ]
    )


def _options() -> list[tuple[str, dict[str, Any]]]:
    """The options that the plugin gives pytest."""
    found: list[tuple[str, dict[str, Any]]] = []

    class Group:
        def addoption(self, name: str, **attributes: Any) -> None:
            found.append((name, attributes))

    class Parser:
        def getgroup(self, *_: Any) -> Group:
            return Group()

    pytest_plugin.pytest_addoption(Parser())  # type: ignore[arg-type]
    return found


def _attribute(owner: type, name: str, text: str = "") -> str:
    value = inspect.getattr_static(owner, name)
    shown = f".{name}"
    if isinstance(value, property):
        result = value.fget.__annotations__.get("return", "") if value.fget else ""
        return section(
            code(f"{shown}: {result}"), prose(_doc(value)), anchor=slug(f"{owner.__name__}-{name}".lower()), level=3
        )
    if not callable(value):
        return section(code(shown), prose(text), anchor=slug(f"{owner.__name__}-{name}".lower()), level=3)
    function = inspect.unwrap(value)
    overloads = get_overloads(function) if isinstance(function, FunctionType) else []
    signatures = "\n".join(_signed(name, each) for each in overloads or [function])
    block = fence(signatures, "python", why_not_run="a signature")
    return section(
        code(f"{shown}(…)"), block, prose(_doc(value)), anchor=slug(f"{owner.__name__}-{name}".lower()), level=3
    )


def _signature(name: str, function: Callable[..., Any]) -> str:
    return fence(_signed(name, function), "python", why_not_run="a signature")


def _signed(name: str, function: Callable[..., Any]) -> str:
    """A signature as one reads it: without self and without modules, broken into lines when it is long."""
    signature = inspect.signature(function)
    parameters = [each for each in signature.parameters.values() if each.name != "self"]
    texts, star = [], False
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY and not star:
            texts.append("*")
        star = star or each.kind in (each.KEYWORD_ONLY, each.VAR_POSITIONAL)
        prefix = {each.VAR_POSITIONAL: "*", each.VAR_KEYWORD: "**"}.get(each.kind, "")
        annotation = f": {each.annotation}" if each.annotation is not each.empty else ""
        default = "" if each.default is each.empty else f" = {_value(each.default)}"
        texts.append(f"{prefix}{each.name}{annotation}{default}")
    result = "" if signature.return_annotation in (signature.empty, "None") else f" -> {signature.return_annotation}"
    line = f"{name}({', '.join(texts)}){result}"
    text = line if len(line) <= 96 else f"{name}(\n    " + ",\n    ".join(texts) + f",\n){result}"
    return re.sub(r"\b(typing|collections\.abc|counterfoil(\.\w+)*)\.", "", text)


def _value(default: Any) -> str:
    text = repr(default)
    return "…" if text.startswith("<") or text == "nothing" else text


def _doc(thing: Any) -> str:
    return inspect.cleandoc(getattr(thing, "__doc__", "") or "")


def _world_commands() -> str:
    rows = []
    for name, value in vars(WorldCommands).items():
        if name.startswith("_"):
            continue
        command = COMMANDS.get(name)
        text = " ".join(_doc(value).split()) or (_first_sentence(_doc(command)) if command else "")
        arguments = "" if isinstance(value, property) else f"`({_arguments(value)})`: "
        shown = f"[`.{name}`](world-commands.md#{slug(name)})" if command else f"`.{name}`"
        rows.append((shown, f"{arguments}{text}"))
    return "\n\n".join(
        [
            "`counterfoil.world` has a method for each command, and look-ups. A customer is given by key or by number. A "
            "refused command raises a `LedgerError` with `message` and `field`, and changes nothing.",
            table(["method", "arguments, and what it does"], rows),
        ]
    )


def _first_sentence(text: str) -> str:
    return " ".join(text.split()).partition(". ")[0].rstrip(".") + "."


def _arguments(function: Callable[..., Any]) -> str:
    """The names of a method's arguments with their defaults, without types."""
    signature = inspect.signature(function)
    kept = [each.replace(annotation=each.empty) for each in signature.parameters.values() if each.name != "self"]
    bare = signature.replace(parameters=kept, return_annotation=signature.empty)
    return str(bare)[1:-1]


def _fields(kind: Any) -> str:
    rows = [(code(f".{name}"), "") for name in kind.__struct_fields__]
    methods = [
        (
            f"`.{name}`" if isinstance(value, property) else f"`{_signed('.' + name, value)}`",
            " ".join(_doc(value).split()),
        )
        for name, value in vars(kind).items()
        if not name.startswith("_") and (isinstance(value, property) or inspect.isfunction(value))
    ]
    names = ", ".join(text for text, _ in rows)
    return f"Members: {names}.\n\n" + table(
        ["more", "what it is"], [(text.replace("|", "¦"), doc) for text, doc in methods]
    )
