"""The reference of the five APIs' operations and switches, and the table of how close the stand-in is to each vendor."""

from __future__ import annotations

from collections import Counter
from typing import Any

from md import code, page, section, slug, table

from counterfoil import yaml_reader
from counterfoil.catalog import entries
from counterfoil.contract.law_books import law_book
from counterfoil.lookup import load_apis
from counterfoil.openapi import load
from counterfoil.world.switches import Switch

SOURCES = {"seed": "seed document", "vendor": "the vendor's other pages", "assumption": "assumption"}


def operations() -> str:
    sections = []
    for api in load_apis():
        spec = load(api.name)
        rows = [
            (code(name), operation.get("summary", ""), SOURCES.get(str(operation.get("x-source")), ""))
            for name, operation in spec.operations.items()
        ]
        missing = (
            f"Answered 501, in the vendor's own error body: {', '.join(map(code, api.unimplemented))}."
            if api.unimplemented
            else ""
        )
        sections.append(
            section(
                api.name,
                f"{api.title}, served at `{api.prefix}`. What is known of it is in "
                f"[vendors/{api.name}](../vendors/{api.name}.md).",
                table(["operation", "what it does", "comes from"], rows),
                missing,
                anchor=slug(api.name),
            )
        )
    return page(
        "Operations",
        "What each of the five APIs answers. Parameters and bodies are in the OpenAPI documents, "
        "`specs/<api>/openapi.yaml`; a running server shows them "
        "at `/docs/<api>`.",
        *sections,
    )


def fidelity() -> str:
    """The table of the page "How close it is"."""
    rows = []
    for api in load_apis():
        sources = Counter(
            str(clause["x-source"]) for clause in yaml_reader.read_file(entries()[api.name].specs / "clauses.yaml")
        )
        rows.append(
            (
                f"[{api.name}](../reference/operations.md#{slug(api.name)})",
                len(load(api.name).operations),
                len(api.unimplemented),
                sources["seed"],
                sources["vendor"],
                sources["assumption"],
                f"[{len(law_book(api.name).laws)}](../reference/laws-{api.name}.md)",
                f"[{len(api.switches)}](../reference/switches.md#{slug(api.name)})",
            )
        )
    head = [
        "API",
        "operations served",
        "answered 501",
        "clauses: seed document",
        "vendor elsewhere",
        "assumed",
        "laws",
        "switches",
    ]
    return table(head, rows)


def switches() -> str:
    sections = [
        section(
            each.name,
            table(
                ["switch", "values, the default first", "what it decides"],
                [
                    (code(switch.name), _choices(switch), f"{switch.text} ([source]({_source(switch)}))")
                    for switch in each.switches
                ],
            ),
            anchor=slug(each.name),
        )
        for each in load_apis()
        if each.switches
    ]
    return page(
        "Switches",
        "Where a vendor's documents leave open what an API does, counterfoil has a switch: a named assumption "
        "with a default and alternatives.",
        "Set one with `counterfoil serve --switch NAME=VALUE`, `switches:` in a scenario, "
        "`@pytest.mark.counterfoil(switches={…})`, or the command "
        "[`set_switch`](world-commands.md#set_switch). With `counterfoil check --switch` it says which choice "
        "holds at the target.",
        *sections,
    )


def _source(switch: Switch) -> str:
    return f"../{switch.source.removeprefix('docs/')}"


def _choices(switch: Switch) -> str:
    others = [each for each in switch.choices or () if each != switch.default]
    rest = ", ".join(code(_setting(each)) for each in others) if switch.choices else "any whole number from 0"
    return f"**{code(_setting(switch.default))}**, {rest}"


def _setting(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
