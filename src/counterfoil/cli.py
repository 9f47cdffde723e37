"""The command line: ``counterfoil serve``, ``specs``, ``scenarios``. Reads options, calls one function, says what came of it.

Exit codes: 0 fine, 1 findings, 2 usage or configuration, 3 could not run. Every mistake is one line on standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click

CONFIGURATION = 2


def refuse(error: Exception) -> NoReturn:
    """One line on standard error, and exit code 2."""
    field = getattr(error, "field", None)
    message = getattr(error, "message", None) or str(error)
    click.echo(f"counterfoil: {' '.join(message.split())}{f' ({field})' if field else ''}", err=True)
    sys.exit(CONFIGURATION)


def guarded(act: Callable[[], Any]) -> Any:
    """``act()``, with whatever a user can get wrong as one line."""
    from counterfoil.app import UsageError
    from counterfoil.ledger.errors import LedgerError
    from counterfoil.server.specs import SpecError
    from counterfoil.serving import CannotListen
    from counterfoil.world.capsule import CapsuleError
    from counterfoil.world.scenario import ScenarioError

    try:
        return act()
    except (UsageError, ScenarioError, SpecError, LedgerError, CapsuleError, CannotListen, OSError) as error:
        refuse(error)
    except KeyboardInterrupt:
        sys.exit(130)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="counterfoil", prog_name="counterfoil")
def main() -> None:
    """A stateful stand-in for five billing APIs, and a checker that holds any implementation to the same contract.

    \b
    Example:
      counterfoil serve elevate flexprice --scenario late-payer
    """


def _chosen(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    chosen = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"'{pair}' is not NAME=VALUE, as in oracle-brm.token=optional")
        chosen[name] = value
    return chosen


# --- serve ---------------------------------------------------------------------------------------


@main.command()
@click.argument("apis", nargs=-1, metavar="[API]...")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--scenario", default="demo", show_default=True, help="A scenario by name, or a YAML file.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Seed of the scenery; the scenario has one of its own.")
@click.option("--customers", type=click.IntRange(0, 5_000_000), help="How many customers in all, scenery included.")
@click.option(
    "--switch",
    "switches",
    multiple=True,
    callback=_chosen,
    metavar="NAME=VALUE",
    help="Choose an assumption otherwise; repeatable. See `counterfoil specs show API`.",
)
@click.option("--capsule", type=click.Path(), help="Serve the world in this capsule instead of a scenario's.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes; only 1 for now.")
@click.option("--no-response-validation", is_flag=True, help="Send answers without holding them against the spec.")
@click.option("--log-json", is_flag=True, help="Log requests as JSON lines.")
@click.option("--quiet", "-q", is_flag=True, help="No banner and no access log.")
def serve(
    apis: tuple[str, ...],
    host: str,
    port: int,
    scenario: str,
    seed: int | None,
    customers: int | None,
    switches: dict[str, str],
    capsule: str | None,
    workers: int,
    no_response_validation: bool,
    log_json: bool,
    quiet: bool,
) -> None:
    """Serve the named APIs, or all five, from one billing world.

    \b
    Example:
      counterfoil serve --scenario late-payer --port 8080
      curl -s -H 'x-api-key: counterfoil-key' http://127.0.0.1:8080/flexprice/v1/customers/cust_00000003/invoices/summary
    """
    if workers > 1:
        refuse(ValueError("--workers: every process would have a world of its own; only 1 is possible for now"))

    def run() -> None:
        from counterfoil.app import build, rebuilt
        from counterfoil.banner import show
        from counterfoil.server import logs
        from counterfoil.server.assemble import Options
        from counterfoil.serving import listen, origin_of
        from counterfoil.serving import serve as serve_on

        taken = listen(host, port)
        application = build(
            apis,
            scenario_name=scenario,
            seed=seed,
            customers=customers,
            switches=switches,
            world=rebuilt(Path(capsule).read_bytes()) if capsule else None,
            options=Options(validate_responses=not no_response_validation),
        )
        if not quiet:
            logs.set_up(as_json=log_json)

        def ready() -> None:
            if not quiet:
                show(application, origin_of(taken), full=sys.stdout.isatty())

        serve_on(application.server, taken, ready=ready)

    guarded(run)


@main.command()
@click.argument("capsule", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def replay(capsule: str, as_json: bool) -> None:
    """Rebuild the world in a capsule, command by command, and check that it is the very same one.

    \b
    Example:
      counterfoil replay .counterfoil/capsules/test_reminder.json
    """
    from counterfoil.app import rebuilt
    from counterfoil.world.capsule import digest_of
    from counterfoil.world.commands import write_command

    world = guarded(lambda: rebuilt(Path(capsule).read_bytes()))
    commands = [{"at": entry.at.isoformat(), **write_command(entry.command)} for entry in world.history[world.told :]]
    if as_json:
        _json({"digest": digest_of(world), "now": world.now.isoformat(), "commands": commands})
        return
    click.echo(f"the same world: scenario {world.scenario.name}, seed {world.seed}, {len(commands)} commands")
    for command in commands:
        at, name = command.pop("at"), command.pop("command")
        click.echo(f"  {at}  {name} {' '.join(f'{member}={value}' for member, value in command.items())}")
    click.echo(f"it is {world.now.isoformat()}; serve it with: counterfoil serve --capsule {capsule}")


# --- scenarios -----------------------------------------------------------------------------------


@main.group()
def scenarios() -> None:
    """The stories a world can start from.

    \b
    Example:
      counterfoil scenarios show late-payer
    """


@scenarios.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_scenarios(as_json: bool) -> None:
    """List the scenarios that come along.

    \b
    Example:
      counterfoil scenarios list
    """
    from counterfoil.app import scenario, scenario_names

    titles = {name: guarded(partial(scenario, name)).told.title for name in scenario_names()}
    if as_json:
        _json([{"name": name, "title": title} for name, title in titles.items()])
        return
    for name, title in titles.items():
        click.echo(f"{name:16} {title}")


@scenarios.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def show_scenario(name: str, as_json: bool) -> None:
    """Tell a scenario's story, and what the world is like when it has been told.

    \b
    Example:
      counterfoil scenarios show one-month
    """
    from counterfoil.app import all_switches, scenario
    from counterfoil.world.world import World

    read = guarded(lambda: scenario(name))
    world = guarded(lambda: World(read, known_switches=all_switches()))
    facts = {
        "name": read.name,
        "title": read.told.title,
        "text": read.told.text,
        "now": world.now.isoformat(),
        "seed": world.seed,
        "customers": world.ledger.customers,
        "runs": {str(number): str(run.status) for number, run in world.ledger.runs.items()},
        "people": {str(number): known.key for number, known in world.known.items() if known.key},
        "digest": read.digest,
    }
    if as_json:
        _json(facts)
        return
    click.echo(f"{facts['title']}\n\n{facts['text']}\n")
    for fact in ("now", "seed", "customers", "runs", "people"):
        value = facts[fact]
        shown = ", ".join(f"{key} {text}" for key, text in value.items()) if isinstance(value, dict) else value
        click.echo(f"{fact:10} {shown}")


@scenarios.command("lint")
@click.argument("files", nargs=-1, required=True, type=click.Path())
def lint_scenarios(files: tuple[str, ...]) -> None:
    """Check scenario files: every key known, every reference there, the story possible. Exit code 1 on findings.

    \b
    Example:
      counterfoil scenarios lint my-story.yaml
    """
    from counterfoil.app import all_switches, scenario
    from counterfoil.ledger.errors import LedgerError
    from counterfoil.world.scenario import ScenarioError
    from counterfoil.world.world import World

    findings = 0
    for file in files:
        try:
            World(scenario(file), known_switches=all_switches())
        except (ScenarioError, LedgerError) as error:
            findings += 1
            click.echo(str(error))
    if findings:
        sys.exit(1)
    click.echo(f"{len(files)} fine")


# --- specs ---------------------------------------------------------------------------------------


@main.group()
def specs() -> None:
    """The OpenAPI documents the stand-in serves and the checker checks by.

    \b
    Example:
      counterfoil specs show oracle-brm
    """


@specs.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_specs(as_json: bool) -> None:
    """List the APIs with the path each is served at.

    \b
    Example:
      counterfoil specs list
    """
    from counterfoil.app import dialects

    found = [{"name": each.name, "title": each.title, "path": each.prefix} for each in guarded(dialects)]
    if as_json:
        _json(found)
        return
    for each in found:
        click.echo(f"{each['name']:16} {each['path']:46} {each['title']}")


@specs.command("show")
@click.argument("api")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def show_spec(api: str, as_json: bool) -> None:
    """Show an API's operations, and the switches for what its vendor leaves open.

    \b
    Example:
      counterfoil specs show flexprice
    """
    from counterfoil.app import dialect
    from counterfoil.server.specs import load

    chosen = guarded(lambda: dialect(api))
    document = guarded(lambda: load(api)).resolved
    operations = [
        {
            "operation": f"{method.upper()} {path}",
            "summary": operation.get("summary", ""),
            "source": operation.get("x-source"),
        }
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)
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
        _json(
            {"api": api, "title": chosen.title, "path": chosen.prefix, "operations": operations, "switches": switches}
        )
        return
    click.echo(f"{chosen.title}, served at {chosen.prefix}\n")
    for operation in operations:
        click.echo(f"  {operation['operation']:48} {operation['source']:10} {operation['summary']}")
    click.echo("\nSwitches (--switch NAME=VALUE, or `switches:` in a scenario):\n")
    for switch in switches:
        choices = switch["choices"] if isinstance(switch["choices"], str) else ", ".join(map(_shown, switch["choices"]))
        click.echo(
            f"  {switch['name']} = {_shown(switch['default'])}   (can be: {choices})\n      {switch['text']} [{switch['source']}]"
        )


@specs.command("lint")
@click.argument("folders", nargs=-1, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def lint_specs(folders: tuple[str, ...], as_json: bool) -> None:
    """Check specs: valid OpenAPI, sources marked, examples valid, links and clauses resolve. Exit code 1 on findings.

    FOLDERS hold one folder with an openapi.yaml for each API; by default the specs that come along.

    \b
    Example:
      counterfoil specs lint
    """
    from counterfoil.contract.speclint import lint, spec_folders
    from counterfoil.resources import fixtures_dir, specs_dir

    roots = [Path(folder) for folder in folders] or [guarded(specs_dir)]
    found = [
        folder for root in roots for folder in ([root] if (root / "openapi.yaml").exists() else spec_folders(root))
    ]
    if not found:
        refuse(FileNotFoundError(f"there is no openapi.yaml in or below {', '.join(map(str, roots))}"))
    printed = guarded(fixtures_dir) / "examples"
    findings = [finding for folder in found for finding in lint(folder, printed / folder.name)]
    if as_json:
        _json([{"api": f.api, "where": f.where, "message": f.message} for f in findings])
    else:
        for finding in findings:
            click.echo(f"{finding.api}: {finding.where}: {finding.message}")
        click.echo(f"{len(findings)} findings" if findings else "no findings")
    sys.exit(1 if findings else 0)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _json(value: Any) -> None:
    import orjson

    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
