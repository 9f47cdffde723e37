"""``counterfoil export``: requests to a scenario's APIs as files for HTTP clients."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from counterfoil.cli import own_documents, world_options
from counterfoil.cli.common import echo, exit_on_user_error, refuse
from counterfoil.plain_text import counted

FORMATS = {"http": "http_files", "bruno": "bruno", "postman": "postman"}


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("apis", nargs=-1, metavar="[API]...")
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice(list(FORMATS)),
    help=".http files (JetBrains, VS Code, httpyac), a Bruno collection, or a Postman collection (2.1).",
)
@own_documents.options
@world_options.options
@click.option(
    "--customer",
    default="1",
    show_default=True,
    metavar="KEY",
    help="The customer whose ids are used: a number, or a key of the scenario.",
)
@click.option(
    "--world",
    "world_name",
    default="default",
    show_default=True,
    help="The world that the requests will use.",
)
@click.option(
    "--url",
    default="http://127.0.0.1:8000",
    show_default=True,
    callback=lambda context, parameter, given: _origin(given),
    metavar="URL",
    help="Address of the server that the requests are sent to; written as the variable `host`.",
)
@click.option(
    "--force", is_flag=True, help="Write into a folder that has files; files with the same names are replaced."
)
def export(
    folder: Path,
    apis: tuple[str, ...],
    form: str,
    documents: own_documents.OwnDocuments,
    world: world_options.WorldOptions,
    customer: str,
    world_name: str,
    url: str,
    force: bool,
) -> None:
    """Write a request for each operation into DIR, with ids from the scenario and credentials as variables.

    Each request is tried first; the file names the status of its response.

    \b
    Example:
      counterfoil export requests --format bruno --scenario late-payer
      counterfoil export requests --format http --spec shop.yaml
    """
    from counterfoil.world.worlds import NAME

    if not NAME.fullmatch(world_name):
        refuse(ValueError(f"--world: '{world_name}' is not a world's name: lower case letters, digits and '-'"))

    def run() -> None:
        from counterfoil.export.plan import plan
        from counterfoil.whole_files import write_all_whole

        _check(folder, force=force)
        own = documents.read(world.seed)
        application = world.build(apis, own)
        own_documents.print_notices(own, in_full=documents.notices)
        number = _number(application.world, customer)
        collection = plan(application, host=url, world=world_name, customer=number)
        written = import_module(f"counterfoil.export.{FORMATS[form]}").files(collection)
        write_all_whole({folder / name: data for name, data in written.items()})
        echo(f"{folder}: {counted(len(collection.samples), 'request')} in {counted(len(written), 'file')}")

    exit_on_user_error(run)


def _check(folder: Path, *, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        refuse(ValueError(f"{folder} is a file; name a folder"))
    if not force and folder.is_dir() and any(folder.iterdir()):
        refuse(
            ValueError(
                f"{folder} has files in it; name another folder, or replace files with the same names with --force"
            )
        )


def _number(world: Any, customer: str) -> int:
    """The customer's number. In a world without customers the default is accepted, and requests have no ids from it."""
    number = int(customer) if customer.isdecimal() else world.customer_with_key(customer)
    known = world.ledger.customers
    if number is None or not 1 <= number <= known:
        if customer == "1":
            return 1
        refuse(
            ValueError(f"--customer: there is no customer '{customer}'; there are {known}, by number from 1 or by key")
        )
    return int(number)


def _origin(given: str) -> str:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(given)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    plain = (
        parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment or parts.username)
    )
    if not plain or not given.isprintable() or set(given) & {" ", "{", "}"}:
        raise click.BadParameter(f"'{given}' is not an address such as http://127.0.0.1:8000")
    return given.rstrip("/")
