"""``counterfoil serve``: its options."""

from __future__ import annotations

import ipaddress
from functools import partial
from typing import Any

import click

from counterfoil.cli import own_documents, telemetry_options, world_options
from counterfoil.cli.common import exit_on_user_error, refuse
from counterfoil.cli.run_server import ServeOptions, run


@click.command()
@click.argument("apis", nargs=-1, metavar="[API]...")
@own_documents.options
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 chooses a free one."
)
@world_options.options
@click.option(
    "--control-token",
    envvar="COUNTERFOIL_CONTROL_TOKEN",
    metavar="TOKEN",
    help="Token of the control API; by default generated and printed if --host is not loopback.",
)
@click.option(
    "--public",
    is_flag=True,
    help="For untrusted visitors: each visitor of the page gets their own world, within limits.",
)
@click.option(
    "--known-as",
    "names",
    multiple=True,
    metavar="NAME",
    help="A host name by which this server is reached, in addition to --host and loopback; repeatable.",
)
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    callback=lambda context, parameter, given: _networks(given),
    help="Address or network of a proxy whose X-Forwarded-For and -Proto are trusted; repeatable. None by default.",
)
@click.option(
    "--cors",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    callback=lambda context, parameter, given: _origins(given),
    help="Let pages of this origin call the APIs from a browser; repeatable, * for any. Never the control API.",
)
@click.option("--capsule", type=click.Path(), help="Serve the world in this capsule instead of a scenario's.")
@click.option(
    "--store",
    envvar="COUNTERFOIL_STORE",
    metavar="FILE|URL",
    help="Keep all worlds in this file, or this postgresql:// or redis:// server, so that they outlive the process.",
)
@click.option(
    "--store-memory",
    default=256,
    show_default=True,
    type=click.IntRange(1, 2**20),
    metavar="MIB",
    help="With --store: approximate memory for recently used worlds in each process; others are rebuilt when needed.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Number of processes. They share all worlds through the store, which is a temporary file without --store.",
)
@telemetry_options.options
@click.option("--no-response-validation", is_flag=True, help="Do not validate responses against the spec.")
@click.option("--log-json", is_flag=True, help="Log requests as JSON lines.")
@click.option("--quiet", "-q", is_flag=True, help="No banner and no access log; with --port 0 print only the address.")
def serve(**options: Any) -> None:
    """Serve the named APIs, or all five, from one billing world; or your own OpenAPI documents, alone or with named APIs.

    \b
    Example:
      counterfoil serve --spec my-api.yaml
      counterfoil serve --scenario late-payer --port 8080
      curl -s -H 'x-api-key: counterfoil-key' http://127.0.0.1:8080/flexprice/v1/customers/cust_00000003/invoices/summary
    """
    chosen = ServeOptions(**options, given=_given())
    mistake = chosen.mistake()
    if mistake is not None:
        refuse(ValueError(mistake))
    exit_on_user_error(partial(run, chosen), pause_gc=True)


def _networks(given: tuple[str, ...]) -> tuple[str, ...]:
    for network in given:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise click.BadParameter(f"'{network}' is neither an IP address nor a network such as 10.0.0.0/8") from None
    return given


def _origins(given: tuple[str, ...]) -> tuple[str, ...]:
    from counterfoil.server.cors import ORIGIN

    for origin in given:
        if not ORIGIN.fullmatch(origin):
            raise click.BadParameter(f"'{origin}' is not an origin such as http://localhost:3000, nor *")
    return given


def _given() -> frozenset[str]:
    """The names of the options that were given on the command line."""
    context = click.get_current_context()
    source = click.core.ParameterSource.COMMANDLINE
    return frozenset(name for name in context.params if context.get_parameter_source(name) is source)
