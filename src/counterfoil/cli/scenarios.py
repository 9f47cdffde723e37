"""``counterfoil scenarios``: lists, shows and checks scenarios, and prints their JSON Schema."""

from __future__ import annotations

import sys
from functools import partial

import click

from counterfoil.cli.common import echo, exit_on_user_error, print_json


@click.group()
def scenarios() -> None:
    """Scenarios, the files that a world starts from.

    \b
    Example:
      counterfoil scenarios show late-payer
    """


@scenarios.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_scenarios(as_json: bool) -> None:
    """List the scenarios that come with counterfoil.

    \b
    Example:
      counterfoil scenarios list
    """
    from counterfoil.lookup import scenario, scenario_names

    titles = {name: exit_on_user_error(partial(scenario, name)).definition.title for name in scenario_names()}
    if as_json:
        print_json([{"name": name, "title": title} for name, title in titles.items()])
        return
    for name, title in titles.items():
        echo(f"{name:16} {title}")


@scenarios.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show_scenario(name: str, as_json: bool) -> None:
    """Show a scenario's text, and the world after running it.

    \b
    Example:
      counterfoil scenarios show one-month
    """
    from counterfoil.lookup import all_switches, scenario
    from counterfoil.world.scenario_runner import run_scenario

    read = exit_on_user_error(lambda: scenario(name))
    world = exit_on_user_error(lambda: run_scenario(read, known_switches=all_switches()))
    facts = {
        "name": read.name,
        "title": read.definition.title,
        "text": read.definition.text,
        "now": world.now.isoformat(),
        "seed": world.seed,
        "customers": world.ledger.customers,
        "runs": {str(number): str(run.status) for number, run in world.ledger.runs.items()},
        "people": {str(number): identity.key for number, identity in world.identity_overrides.items() if identity.key},
        "digest": read.digest,
    }
    if as_json:
        print_json(facts)
        return
    echo(f"{facts['title']}\n\n{facts['text']}\n")
    for fact in ("now", "seed", "customers", "runs", "people"):
        value = facts[fact]
        shown = ", ".join(f"{key} {text}" for key, text in value.items()) if isinstance(value, dict) else value
        echo(f"{fact:10} {shown}")


@scenarios.command("lint")
@click.argument("files", nargs=-1, required=True, type=click.Path())
def lint_scenarios(files: tuple[str, ...]) -> None:
    """Check scenario files: their keys and references, and whether the story can be run. Exit code 1 on findings.

    \b
    Example:
      counterfoil scenarios lint my-story.yaml
    """
    from counterfoil.ledger.errors import LedgerError
    from counterfoil.lookup import all_switches, scenario
    from counterfoil.world.scenario import ScenarioError
    from counterfoil.world.scenario_runner import run_scenario

    findings = 0
    for file in files:
        try:
            run_scenario(scenario(file), known_switches=all_switches())
        except (ScenarioError, LedgerError) as error:
            findings += 1
            echo(str(error))
    if findings:
        sys.exit(1)
    echo(f"{len(files)} fine")


@scenarios.command("schema")
def show_schema() -> None:
    """Print the JSON Schema of scenario files, for editors that complete and check YAML.

    \b
    Example:
      counterfoil scenarios schema > scenario.schema.json
    and as the first line of a scenario: # yaml-language-server: $schema=scenario.schema.json
    """
    from counterfoil.cli.scenario_schema import scenario_schema

    print_json(scenario_schema())
