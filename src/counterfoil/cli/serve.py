"""``counterfoil serve`` and ``counterfoil replay``: serves a world on a port, and rebuilds a world from its capsule."""

from __future__ import annotations

import contextlib
import ipaddress
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from socket import socket

import click

from counterfoil.cli import measuring, own_documents, serve_workers, world_options
from counterfoil.cli.common import echo, exit_on_user_error, print_json, refuse
from counterfoil.plain_text import counted

MAX_CONNECTIONS_PER_ADDRESS = 100
"""Connections from one address in public mode. A browser opens six, and several visitors may share an address."""


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
    "--public", is_flag=True, help="For untrusted visitors: each one of the page gets their own world, within limits."
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
    help="With --store: how much each process keeps of the worlds it served last, about; others are read again.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes, which share all worlds through the store; a temporary one without --store.",
)
@measuring.options
@click.option("--no-response-validation", is_flag=True, help="Do not validate responses against the spec.")
@click.option("--log-json", is_flag=True, help="Log requests as JSON lines.")
@click.option("--quiet", "-q", is_flag=True, help="No banner and no access log; with --port 0 print only the address.")
def serve(
    apis: tuple[str, ...],
    specs: tuple[own_documents.NamedFile, ...],
    models: tuple[own_documents.NamedFile, ...],
    handler_files: tuple[own_documents.NamedFile, ...],
    rows: int,
    notices: bool,
    host: str,
    port: int,
    scenario: str,
    seed: int | None,
    customers: int | None,
    switches: dict[str, str],
    control_token: str | None,
    public: bool,
    names: tuple[str, ...],
    proxies: tuple[str, ...],
    origins: tuple[str, ...],
    capsule: str | None,
    store: str | None,
    store_memory: int,
    workers: int,
    metrics: bool,
    otlp: str | None,
    no_response_validation: bool,
    log_json: bool,
    quiet: bool,
) -> None:
    """Serve the named APIs, or all five, from one billing world; or your own OpenAPI documents, with or without them.

    \b
    Example:
      counterfoil serve --spec my-api.yaml
      counterfoil serve --scenario late-payer --port 8080
      curl -s -H 'x-api-key: counterfoil-key' http://127.0.0.1:8080/flexprice/v1/customers/cust_00000003/invoices/summary
    """
    if workers > 1 and not serve_workers.is_possible():
        refuse(ValueError("--workers: this system cannot fork processes that share a port; only 1 is possible"))

    if public and control_token:
        refuse(ValueError("--public: the control API is open to visitors only; leave out --control-token"))

    if not host.strip():
        refuse(ValueError("--host: name an address; 127.0.0.1 for this machine only, 0.0.0.0 for any"))
    if control_token and not (control_token.isascii() and control_token.isprintable()):
        refuse(ValueError("--control-token: only printable ASCII can be sent in a header"))
    if capsule is not None and not capsule:
        refuse(ValueError("--capsule: name a file"))
    if capsule and (ignored := _given("scenario", "seed", "customers", "switches")):
        refuse(ValueError(f"--capsule brings a world of its own; leave out {', '.join(ignored)}"))

    def run() -> None:
        with contextlib.ExitStack() as opened:
            serve_until_stopped(opened)

    def serve_until_stopped(opened: contextlib.ExitStack) -> None:
        from counterfoil.app import build, rebuilt
        from counterfoil.cli import log_output
        from counterfoil.cli.banner import show
        from counterfoil.server.app import Options
        from counterfoil.server.cors import CrossOrigin
        from counterfoil.server.pipeline import PipelineOptions
        from counterfoil.serving import is_loopback, listen, listen_together, origin_of
        from counterfoil.serving import serve as serve_on

        traces = measuring.traces(otlp)
        # the seed of a stored world need not be given again, and what is made for an own document follows from the world's
        own = own_documents.read(specs, models, handler_files, rows=rows, seed=seed if store is None else None)
        if workers > 1:
            listeners = [opened.enter_context(each) for each in listen_together(host, port, workers)]
        else:
            listeners = [opened.enter_context(listen(host, port))]
        kept_in = serve_workers.temporary_store(opened, quiet=quiet) if workers > 1 and store is None else store
        origin = origin_of(listeners[0])
        token = control_token or (None if public or is_loopback(host) else secrets.token_urlsafe(24))
        application = build(
            apis,
            own=own,
            scenario_name=scenario if _given("scenario") else None,
            seed=seed,
            customers=customers,
            switches=switches,
            world=rebuilt(Path(capsule).read_bytes()) if capsule else None,
            options=Options(
                pipeline=PipelineOptions(validate_responses=not no_response_validation),
                observers=() if traces is None else (traces.observe,),
                unreached=() if traces is None else (traces.unreached,),
            ),
            control_token=token,
            hosts=(host, *names),
            public=public,
            store=kept_in,
            store_memory=store_memory * 2**20,
            workers=workers,
            metrics=metrics,
        )

        asgi_app = application.asgi_app
        if origins:
            asgi_app = CrossOrigin(asgi_app, origins, [api.prefix for api, _ in application.server.served.values()])

        def ready() -> None:
            if not quiet or notices:
                own_documents.tell(own, in_full=notices)
            if quiet and port == 0:
                echo(origin)
            if not quiet:
                if public:
                    echo(f"page {origin}/ (public: every visitor has a world of their own)")
                else:
                    show(application, origin, full=sys.stdout.isatty())
            if token and not control_token:
                echo(f"control token: {token}")

        opened.enter_context(contextlib.closing(application))

        def serve_one(listener: socket, is_ready: Callable[[], None]) -> None:
            with (
                contextlib.nullcontext() if quiet else log_output.configure_logging(as_json=log_json),
                contextlib.nullcontext() if traces is None else traces.running(),
            ):
                serve_on(
                    asgi_app,
                    listener,
                    ready=is_ready,
                    closing=application.closing.set,
                    per_address=max(1, MAX_CONNECTIONS_PER_ADDRESS // workers) if public else None,
                    proxies=proxies,
                )

        if workers > 1:
            temporary = Path(kept_in).parent if store is None and kept_in is not None else None
            serve_workers.serve_with_workers(application, listeners, serve_one, ready, temporary=temporary)
        else:
            if application.sharing is not None:  # with servers on other machines
                application.sharing.start(1)
            serve_one(listeners[0], ready)

    exit_on_user_error(run, pause_gc=True)


def _networks(given: tuple[str, ...]) -> tuple[str, ...]:
    for each in given:
        try:
            ipaddress.ip_network(each, strict=False)
        except ValueError:
            raise click.BadParameter(f"'{each}' is neither an IP address nor a network such as 10.0.0.0/8") from None
    return given


def _origins(given: tuple[str, ...]) -> tuple[str, ...]:
    from counterfoil.server.cors import ORIGIN

    for each in given:
        if not ORIGIN.fullmatch(each):
            raise click.BadParameter(f"'{each}' is not an origin such as http://localhost:3000, nor *")
    return given


def _given(*names: str) -> list[str]:
    """Those of the options that were given on the command line."""
    context = click.get_current_context()
    return [name for name in names if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]


@click.command()
@click.argument("capsule", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(capsule: str, as_json: bool) -> None:
    """Rebuild the world in a capsule, command by command, and check that it is the same.

    \b
    Example:
      counterfoil replay .counterfoil/capsules/test_reminder.json
    """
    from counterfoil.app import rebuilt
    from counterfoil.world.capsule import digest_of
    from counterfoil.world.commands import write_command

    world = exit_on_user_error(lambda: rebuilt(Path(capsule).read_bytes()))
    commands = [
        {"at": entry.at.isoformat(), **write_command(entry.command)} for entry in world.history[world.scenario_length :]
    ]
    if as_json:
        print_json({"digest": digest_of(world), "now": world.now.isoformat(), "commands": commands})
        return
    echo(f"the same world: scenario {world.scenario.name}, seed {world.seed}, {counted(len(commands), 'command')}")
    for command in commands:
        at, name = command.pop("at"), command.pop("command")
        echo(f"  {at}  {name} {' '.join(f'{member}={value}' for member, value in command.items())}")
    echo(f"it is {world.now.isoformat()}; serve it with: counterfoil serve --capsule {capsule}")
