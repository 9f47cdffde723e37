"""``counterfoil check``: hold an implementation, the stand-in or a real one, to its documents and laws."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from counterfoil.cli.common import pairs_of


@click.command()
@click.argument("apis", nargs=-1, metavar="[API]...")
@click.option(
    "--url",
    "urls",
    multiple=True,
    callback=pairs_of,
    metavar="API=URL",
    help="A real implementation's base; repeatable.",
)
@click.option(
    "--header", "headers", multiple=True, metavar="'K: V'", help="Sent with every request to a --url; repeatable."
)
@click.option(
    "--writes", is_flag=True, help="Also check what changes something; only what was created here is touched."
)
@click.option("--fast", is_flag=True, help="Laws in full, conformance with its example and coverage phases only.")
@click.option(
    "--max-examples", type=click.IntRange(1, 10_000), help="Generated cases for each law and operation, at most."
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**32 - 1), help="Of what is generated.")
@click.option("--rate", type=click.FloatRange(0.01, 10_000), help="Requests a second, at most.")
@click.option("--max-time", type=click.FloatRange(0.1, 86_400), help="Seconds for each API and part, at most.")
@click.option("--only", multiple=True, metavar="LAW", help="Only this law, or those whose ids begin so; repeatable.")
@click.option(
    "--known",
    multiple=True,
    metavar="API.NAME=VALUE",
    help="An id to look at, where nothing lists them (emnify.org_id, flexprice.id); repeatable.",
)
@click.option(
    "--baseline", type=click.Path(path_type=Path), help="Known deviations, each with owner, reason and expiry."
)
@click.option(
    "--report", type=click.Path(path_type=Path, file_okay=False), help="Write JUnit, HTML and JSON reports here."
)
@click.option("--json", "as_json", is_flag=True, help="The verdict as JSON, and nothing else.")
def check(
    apis: tuple[str, ...],
    urls: dict[str, str],
    headers: tuple[str, ...],
    writes: bool,
    fast: bool,
    max_examples: int | None,
    seed: int,
    rate: float | None,
    max_time: float | None,
    only: tuple[str, ...],
    known: tuple[str, ...],
    baseline: Path | None,
    report: Path | None,
    as_json: bool,
) -> None:
    """Check the named APIs, or all: the spec itself, conformance (Schemathesis), and the laws.

    Without --url the stand-in is started and checked. A real implementation is only read, unless --writes. Credentials
    come from --header or the environment: COUNTERFOIL_TOKEN, or COUNTERFOIL_TOKEN_ELEVATE and so on.

    \b
    Exit codes: 0 fine, 1 findings, 2 usage or configuration, 3 could not run or nothing was checked.

    \b
    Example:
      counterfoil check elevate --url elevate=https://rest.elevatebilling.com/v1 --report report
    """
    from counterfoil.contract.check import check as run
    from counterfoil.standins import StandIns

    stand_ins = StandIns()
    try:
        code = run(
            apis,
            urls=urls,
            headers=headers,
            writes=writes,
            max_examples=max_examples,
            seed=seed,
            baseline=baseline,
            report=report,
            json=as_json,
            fast=fast,
            rate=rate,
            max_time=max_time,
            only=only,
            known=known,
            start=stand_ins.start,
        )
    except KeyboardInterrupt:
        code = 130
    finally:
        stand_ins.stop()
    sys.exit(code)
