"""``counterfoil specs``: lists, shows, checks and compares OpenAPI documents."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from counterfoil.cli.common import echo, exit_on_user_error, print_json, refuse
from counterfoil.plain_text import as_text, counted

if TYPE_CHECKING:
    from counterfoil.api import API


@click.group()
def specs() -> None:
    """The OpenAPI documents that the stand-in and the checker use.

    \b
    Example:
      counterfoil specs show oracle-brm
    """


@specs.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_specs(as_json: bool) -> None:
    """List the APIs with the path each is served at.

    \b
    Example:
      counterfoil specs list
    """
    from counterfoil.lookup import load_apis

    apis = [{"name": api.name, "title": api.title, "path": api.prefix} for api in exit_on_user_error(load_apis)]
    if as_json:
        print_json(apis)
        return
    for api in apis:
        echo(f"{api['name']:16} {api['path']:46} {api['title']}")


@specs.command("show")
@click.argument("api")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show_spec(api: str, as_json: bool) -> None:
    """Show an API's operations, and its switches: the choices that its vendor leaves open.

    \b
    Example:
      counterfoil specs show flexprice
    """
    from counterfoil.lookup import load_api
    from counterfoil.openapi import load

    chosen = exit_on_user_error(lambda: load_api(api))
    spec = exit_on_user_error(lambda: load(api))
    operations = [
        {
            "operation": name,
            "summary": operation.get("summary", ""),
            "source": operation.get("x-source"),
        }
        for name, operation in spec.operations.items()
    ]
    switches = [
        {
            "name": s.name,
            "default": s.default,
            "choices": list(s.choices) if s.choices else "a whole number",
            "text": s.text,
            "source": s.source,
        }
        for s in chosen.switches
    ]
    if as_json:
        print_json(
            {"api": api, "title": chosen.title, "path": chosen.prefix, "operations": operations, "switches": switches}
        )
        return
    _print_spec(chosen, operations, switches)


def _print_spec(api: API, operations: list[dict[str, Any]], switches: list[dict[str, Any]]) -> None:
    from counterfoil.resources import docs_dir

    echo(f"{api.title}, served at {api.prefix}\n")
    for operation in operations:
        echo(f"  {operation['operation']:48} {operation['source']:10} {operation['summary']}")
    for operation_name in api.unimplemented:
        echo(f"  {operation_name:48} {'not here':10} answered 501")
    echo("\nSwitches (--switch NAME=VALUE, or `switches:` in a scenario):\n")
    for switch in switches:
        choices = (
            switch["choices"] if isinstance(switch["choices"], str) else ", ".join(map(as_text, switch["choices"]))
        )
        echo(f"  {switch['name']} = {as_text(switch['default'])}   (can be: {choices})")
        echo(f"      {switch['text']}\n      See {switch['source']}")
    echo(f"\nThe pages are in {exit_on_user_error(docs_dir) / 'vendors'}")


@specs.command("lint")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def lint_specs(paths: tuple[str, ...], as_json: bool) -> None:
    """Check OpenAPI 3.0 documents: validity, YAML 1.2, examples, links, and use with client generators.

    A document with x-source or x-assumptions, or with a clauses.yaml in its folder, must also name a source for everything, and
    its clauses and citations must resolve. Exit code 1 on findings, one line for each.

    PATHS are documents, or folders with an openapi.yaml in them or in each folder below; by default the packaged specs.

    \b
    Example:
      counterfoil specs lint my-api.yaml
    """
    from counterfoil.catalog import CONTROL_SPEC, entries, spec_path
    from counterfoil.contract.specs.lint import LintFinding, lint

    known = exit_on_user_error(entries)
    packaged = [*(entry.specs for entry in known.values()), spec_path(CONTROL_SPEC).parent]
    roots = [Path(path) for path in paths] or packaged
    documents = list(dict.fromkeys(spec for path in roots for spec in _specs_at(path)))
    if not documents:
        refuse(FileNotFoundError(f"there is no openapi.yaml in or below {', '.join(map(str, roots))}"))
    examples = {entry.specs.resolve(): entry.examples for entry in known.values()}
    findings = [finding for spec in documents for finding in lint(spec, examples.get(spec.resolve().parent))]
    if not paths:
        findings += [LintFinding(api, "openapi.yaml", _DIFFERS) for api in _differing_switches()]
    if as_json:
        print_json([{"api": f.api, "where": f.where, "message": f.message} for f in findings])
    else:
        for finding in findings:
            echo(f"{finding.api}: {finding.where}: {finding.message}")
        echo(counted(len(findings), "finding") if findings else "no findings")
    sys.exit(1 if findings else 0)


def _specs_at(path: Path) -> list[Path]:
    """The documents that a path on the command line names."""
    from counterfoil.contract.specs.lint import document_file, spec_folders

    document = document_file(path)
    if document.exists() or path.suffix in {".yaml", ".yml", ".json"}:
        return [document]
    return [document_file(folder) for folder in spec_folders(path)]


@specs.command("switches")
@click.argument("apis", nargs=-1)
@click.option("--write", is_flag=True, help="Write them into the specs instead of comparing.")
def compare_switches(apis: tuple[str, ...], write: bool) -> None:
    """Compare the switches of APIs with the list x-assumptions in their specs. Exit code 1 if one differs.

    An API's package defines its switches; with --write the list in its openapi.yaml is generated from them.

    \b
    Example:
      counterfoil specs switches elevate --write
    """
    differing = _differing_switches(apis, write)
    for api in differing:
        echo(f"{api}: {'written' if write else _DIFFERS}")
    if not differing:
        echo("no differences")
    sys.exit(1 if differing and not write else 0)


_DIFFERS = "x-assumptions differs from the API's switches; run `counterfoil specs switches --write`"


def _differing_switches(apis: tuple[str, ...] = (), write: bool = False) -> list[str]:
    """The names of the APIs whose spec lists different switches from their package."""
    from counterfoil.catalog import entry
    from counterfoil.cli.spec_switches import with_switches
    from counterfoil.lookup import load_apis
    from counterfoil.whole_files import write_whole

    differing = []
    for api in exit_on_user_error(lambda: load_apis(apis)):
        path = entry(api.name).openapi
        old = path.read_text(encoding="utf-8")
        new = with_switches(old, api.switches)
        if new != old:
            differing.append(api.name)
            if write:
                exit_on_user_error(partial(write_whole, path, new.encode()))
    return differing


@specs.command("coverage")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--markdown", is_flag=True, help="Print the table of README.")
def show_coverage(as_json: bool, markdown: bool) -> None:
    """Count the clauses of each vendor's document by what covers them. Exit code 1 if a clause is not covered.

    \b
    Example:
      counterfoil specs coverage
    """
    from dataclasses import asdict

    from counterfoil.catalog import entries
    from counterfoil.contract.specs.coverage import as_markdown, coverage

    rows = [coverage(entry.specs) for entry in exit_on_user_error(entries).values()]
    if as_json:
        print_json([asdict(row) for row in rows])
    elif markdown:
        echo(as_markdown(rows))
    else:
        from rich.console import Console
        from rich.table import Table

        table = Table(
            "API", "clauses", "by a law", "by the spec", "no request shows", "accounted for", "laws that watch"
        )
        for row in rows:
            watched = f"{row.by_law} ({row.share_by_law:.0%})"
            table.add_row(
                row.api,
                str(row.clauses),
                watched,
                str(row.by_spec),
                str(len(row.untestable)),
                f"{row.share:.0%}",
                str(row.laws),
            )
        Console().print(table)
        for row in rows:
            click.echo(f"{row.api}: no request can show {', '.join(row.untestable) or 'none'}")
    sys.exit(1 if any(row.open for row in rows) else 0)


@specs.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def diff_specs(old: Path, new: Path, as_json: bool) -> None:
    """Compare two OpenAPI files. Exit code 1 if a change breaks clients, 3 if they could not be compared.

    Needs Node.js, for api-smart-diff from npm.

    \b
    Example:
      counterfoil specs diff old/openapi.yaml specs/elevate/openapi.yaml
    """
    from dataclasses import asdict

    from counterfoil.contract.specs.diff import CannotCompare, compare

    try:
        changes = compare(old, new)
    except CannotCompare as error:
        echo(f"counterfoil: {error}", err=True)
        sys.exit(3)
    if as_json:
        print_json([asdict(change) for change in changes])
    else:
        for change in changes:
            echo(f"{change.kind:13} {change.where}: {change.text}")
        breaking = sum(change.is_breaking for change in changes)
        echo(f"{breaking} breaking, {counted(len(changes) - breaking, 'other change')}" if changes else "no changes")
    sys.exit(1 if any(change.is_breaking for change in changes) else 0)
