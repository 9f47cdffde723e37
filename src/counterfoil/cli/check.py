"""``counterfoil check``: check an implementation, the stand-in or a real one, against its documents and laws."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from counterfoil.cli import own_documents
from counterfoil.cli.common import echo, exit_on_user_error
from counterfoil.cli.own_documents import OwnDocuments
from counterfoil.garbage import collect_rarely
from counterfoil.plain_text import counted

if TYPE_CHECKING:
    from counterfoil.api import API
    from counterfoil.contract.law import LawBook

ROWS = 25
"""Initial resources in each collection of an own document's stand-in."""


@click.command()
@click.argument("apis", nargs=-1, metavar="[API]...")
@click.option(
    "--url",
    "urls",
    multiple=True,
    callback=lambda context, parameter, given: _urls(given),
    metavar="API=URL",
    help="Base address of the implementation to check; repeatable, once per API. With a single API, the URL alone is enough.",
)
@click.option(
    "--spec",
    "specs",
    multiple=True,
    metavar="[NAME=]FILE",
    callback=own_documents.named_file,
    help="Check against your own OpenAPI document (2.0 to 3.2, YAML or JSON): its laws are inferred; repeatable.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="[NAME=]FILE",
    callback=own_documents.named_file,
    help="A model that corrects what is inferred from --spec (counterfoil infer --write).",
)
@click.option(
    "--header", "headers", multiple=True, metavar="'K: V'", help="Sent with every request to a --url; repeatable."
)
@click.option(
    "--writes",
    is_flag=True,
    help="Also run checks that create and change resources; only resources created by the check are changed.",
)
@click.option(
    "--fast",
    is_flag=True,
    help="All laws, but only the example and coverage phases of conformance, and no lint of the spec.",
)
@click.option(
    "--max-examples",
    type=click.IntRange(1, 10_000),
    help="Maximum number of generated cases for each law and operation; in the coverage phase, 25 times as many of each kind.",
)
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0, 2**32 - 1), help="Seed of the generated cases."
)
@click.option("--rate", type=click.FloatRange(0.01, 10_000), help="Maximum requests per second.")
@click.option(
    "--max-time",
    type=click.FloatRange(0.1, 86_400),
    help="Seconds after which the whole check ends; the rest is reported as not tried.",
)
@click.option(
    "--only", multiple=True, metavar="LAW", help="Only this law, or the laws whose ids begin with it; repeatable."
)
@click.option(
    "--known",
    multiple=True,
    metavar="API.NAME=VALUE",
    help="An id the API does not list (emnify.org_id, flexprice.id); repeatable.",
)
@click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="API.SWITCH=VALUE",
    help="A choice the documents leave open that holds at the target (counterfoil specs show API); repeatable.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    help="A file of accepted deviations, each with owner, reason and expiry.",
)
@click.option(
    "--baseline-update",
    is_flag=True,
    help="Rewrite the --baseline so that it accepts the current findings for 90 days; you fill in the owners.",
)
@click.option(
    "--report",
    type=click.Path(file_okay=False),
    callback=lambda context, parameter, given: _folder(given),
    help="Write JUnit, HTML, JSON and SARIF reports here.",
)
@click.option("--strict", is_flag=True, help="Exit with 3 when something that could apply was not tried.")
@click.option(
    "--list-laws", is_flag=True, help="List the laws of the named APIs and what each needs, without checking."
)
@click.option("--json", "json", is_flag=True, help="Print the verdict as JSON, and nothing else.")
def check(apis: tuple[str, ...], **options: Any) -> None:
    """Check the named APIs, or all: the spec itself, conformance (Schemathesis), and the laws.

    Without --url a stand-in is started and checked. A real implementation is only read, unless --writes is given. Credentials
    come from --header or the environment: COUNTERFOIL_TOKEN, or COUNTERFOIL_TOKEN_ELEVATE and so on for one API.

    \b
    Exit codes: 0 fine, 1 findings, 2 usage or configuration, 3 could not run, nothing was checked, or (--strict)
    something that could apply was not tried.

    \b
    Environment, each also with _<API> at the end (COUNTERFOIL_TOKEN_ORACLE_BRM) for one API:
      COUNTERFOIL_TOKEN      the credential
      COUNTERFOIL_FORBIDDEN  a credential without permission, for the laws about 403
      COUNTERFOIL_LOGIN      the body of a login as JSON, for APIs that exchange it for a token

    \b
    A baseline is a YAML list of accepted deviations; operation and api may narrow an entry:
      - {id: elevate.sort.desc, owner: billing, reason: ticket 4711, expires: 2027-01-31}
      - {id: conformance.ignored_auth, api: elevate, operation: GET /customer-billing-summaries, owner: …}

    \b
    Example:
      counterfoil check elevate --url elevate=https://rest.elevatebilling.com/v1 --report report
      counterfoil check --spec my.yaml --url https://api.example.com/v1 --writes
    """
    specs, models = options.pop("specs"), options.pop("models")
    own: tuple[API, ...] = exit_on_user_error(lambda: OwnDocuments(specs, models, (), ROWS, notices=False).read(0))
    books, words = exit_on_user_error(lambda: own_documents.law_books(specs, models, own))
    if options.pop("list_laws"):
        _list_laws(apis, books)
        return
    options["urls"] = _named(options["urls"], [*apis, *books])
    sys.exit(_run(own, apis=apis, own=books, own_options=words, **options))


def _run(documents: tuple[API, ...], **options: Any) -> int:
    """Run the check and return its exit code. It starts a stand-in for each API without an address."""
    from counterfoil.cli.stand_ins import StandIns
    from counterfoil.contract import hypothesis_storage
    from counterfoil.contract.check import CheckOptions
    from counterfoil.contract.check import check as run

    collect_rarely()
    os.environ.update(hypothesis_storage.environment())
    stand_ins = StandIns(own=documents)
    try:
        return run(CheckOptions(**options), start=stand_ins.start)
    except KeyboardInterrupt:
        return 130
    finally:
        stand_ins.stop()


def _urls(given: tuple[str, ...]) -> dict[str, str]:
    """Addresses by API; the key of an address without an API is ""."""
    urls: dict[str, str] = {}
    for text in given:
        name, equals, url = text.partition("=")
        is_bare = not equals or "://" in name
        urls["" if is_bare else name] = text if is_bare else url
    return urls


def _named(urls: dict[str, str], apis: list[str]) -> dict[str, str]:
    if "" in urls and (len(apis) != 1 or apis[0] in urls):
        raise click.BadParameter(f"'{urls['']}': name its API: --url API=URL", param_hint="--url")
    return {name or apis[0]: url for name, url in urls.items()}


def _folder(given: str | None) -> Path | None:
    if given is not None and not given.strip():
        raise click.BadParameter("name a folder; . is the one you are in")
    return None if given is None else Path(given)


def _list_laws(apis: tuple[str, ...], own: Mapping[str, LawBook]) -> None:
    from counterfoil.contract.law_books import NoSuchLawBook, law_book, law_book_names

    try:
        books = [*own.values(), *(law_book(api) for api in apis or (() if own else law_book_names()))]
    except NoSuchLawBook as error:
        raise click.UsageError(str(error)) from None
    for book in books:
        ids = "".join(f", ids given with --known {book.api}.{name}=VALUE" for name in book.known_parameters)
        echo(
            f"{book.api}: {counted(len(book.laws), 'law')}{ids} (a capability is something that only the stand-in offers)\n"
        )
        for law in book.laws:
            needs = [*(["--writes"] if law.writes else []), *(f"capability {name}" for name in law.needs)]
            echo(f"{law.id}  {law.operation}\n    {law.says}" + (f"\n    needs {', '.join(needs)}" if needs else ""))
