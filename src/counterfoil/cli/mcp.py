"""``counterfoil mcp``: a stand-in as tools for a language model, over the Model Context Protocol on standard input and output."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from pathlib import Path

import click

from counterfoil.cli import own_documents, world_options
from counterfoil.cli.common import echo, exit_on_user_error, refuse


@click.command()
@click.argument("apis", nargs=-1, metavar="[API]...")
@own_documents.options
@world_options.options
@click.option(
    "--port",
    default=0,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port of the stand-in on this machine; 0 chooses a free one, which the tools show.",
)
@click.option("--writes", is_flag=True, help="Also offer the tools that create, fork, change and delete worlds.")
@click.option(
    "--allow-url",
    "urls",
    multiple=True,
    metavar="URL",
    callback=lambda context, parameter, given: _addresses(given),
    help="A URL, including paths below it, that check_implementation may check in addition to this machine; repeatable.",
)
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="'K: V'",
    callback=lambda context, parameter, given: _headers(given),
    help="Sent with checks of an --allow-url, and nowhere else; repeatable.",
)
def mcp(
    apis: tuple[str, ...],
    documents: own_documents.OwnDocuments,
    world: world_options.WorldOptions,
    port: int,
    writes: bool,
    urls: tuple[str, ...],
    headers: tuple[str, ...],
) -> None:
    """Offer a stand-in and the checker as tools to an MCP client, which starts this command and talks to it.

    The tools only read, unless --writes adds tools that change worlds. Files are read in and below the working directory only.

    \b
    Example, in an MCP client's configuration:
      {"command": "counterfoil", "args": ["mcp", "--scenario", "late-payer"]}
    """  # fmt: skip
    if find_spec("mcp") is None:
        refuse(
            ValueError(
                "mcp is not installed; install the extra: pip install 'counterfoil[mcp]', or '.[mcp]' in a clone"
            )
        )
    if headers and not urls:
        refuse(ValueError("--header: sent to an --allow-url only; name one"))

    def run() -> None:
        from counterfoil.mcp_server import Settings
        from counterfoil.mcp_server.server import run as serve
        from counterfoil.serving import listen, origin_of, serve_in_thread

        own = documents.read(world.seed)
        with contextlib.ExitStack() as opened:
            listener = opened.enter_context(listen("127.0.0.1", port))
            application = world.build(apis, own)
            opened.enter_context(contextlib.closing(application))
            opened.callback(serve_in_thread(application.asgi_app, listener))
            opened.callback(application.closing.set)
            own_documents.print_notices(own, in_full=documents.notices)
            origin = origin_of(listener)
            echo(f"counterfoil mcp: waiting for a client on standard input; the stand-in is {origin}", err=True)
            serve(Settings(origin, Path.cwd(), writes, urls, headers))

    exit_on_user_error(run)


def _addresses(given: tuple[str, ...]) -> tuple[str, ...]:
    from counterfoil.mcp_server.addresses import readable

    for url in given:
        try:
            readable(url)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return given


def _headers(given: tuple[str, ...]) -> tuple[str, ...]:
    for header in given:
        name, colon, value = header.partition(":")
        if not (
            colon and name.replace("-", "").isalnum() and name.isascii() and value.isprintable() and value.isascii()
        ):
            raise click.BadParameter(f"'{header}' is not 'Name: value', as in 'Authorization: Bearer TOKEN'")
    return given
