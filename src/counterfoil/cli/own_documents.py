"""``counterfoil serve --spec``: reads a user's own OpenAPI documents, and reports the places that could not be understood."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from counterfoil.cli.common import echo
from counterfoil.plain_text import counted

if TYPE_CHECKING:
    from counterfoil.api import API
    from counterfoil.contract.law import LawBook

_NAMED = re.compile(r"([^=/\\.]*)=(.*)", re.DOTALL)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
MAX_ROWS = 10_000


@dataclass(frozen=True)
class NamedFile:
    """The value of a ``[NAME=]FILE`` option; ``path`` is text, because it may be a URL, which is refused."""

    name: str | None
    path: str


def named_file(_: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[NamedFile, ...]:
    """Parse ``[NAME=]FILE`` options."""
    files = []
    for text in given:
        match = _NAMED.fullmatch(text)
        if match is None:
            files.append(NamedFile(None, text))
            continue
        name, path = match.groups()
        if not _NAME.fullmatch(name) or not path:
            raise click.BadParameter(
                f"'{text}': write NAME=FILE with a name of lower case letters, digits, '.', '_' and '-'"
            )
        files.append(NamedFile(name, path))
    return tuple(files)


@dataclass(frozen=True)
class OwnDocuments:
    """The options for own documents. ``rows`` is the initial number of resources in each collection."""

    specs: tuple[NamedFile, ...]
    models: tuple[NamedFile, ...]
    handler_files: tuple[NamedFile, ...]
    rows: int
    notices: bool

    def read(self, seed: int | None) -> tuple[API, ...]:
        """The APIs of the documents. Raises ``UsageError`` and ``SpecError``."""
        from counterfoil.lookup import UsageError, own_api
        from counterfoil.openapi import served_name

        for file in self.specs:
            refuse_url(file.path)
        names = [file.name or served_name(Path(file.path)) for file in self.specs]
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"two documents are called '{name}'; name one: --spec NAME=FILE")
        model_of = _by_name("--model", self.models, names)
        handlers_of = _by_name("--handlers", self.handler_files, names)
        return tuple(
            own_api(
                Path(file.path),
                name,
                model=model_of.get(name),
                handlers=handlers_of.get(name),
                rows=self.rows,
                seed=seed or 0,
                summarize=True,
            )
            for file, name in zip(self.specs, names, strict=True)
        )


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options for own documents; the command gets them as ``documents``."""

    @wraps(command)
    def with_documents(
        *,
        specs: tuple[NamedFile, ...],
        models: tuple[NamedFile, ...],
        handler_files: tuple[NamedFile, ...],
        rows: int,
        notices: bool,
        **others: Any,
    ) -> None:
        command(documents=OwnDocuments(specs, models, handler_files, rows, notices), **others)

    decorated: Callable[..., None] = with_documents
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


_OPTIONS = [
    click.option(
        "--spec",
        "specs",
        multiple=True,
        metavar="[NAME=]FILE",
        callback=named_file,
        help="Serve your own OpenAPI document (2.0 to 3.2, YAML or JSON) at /NAME; repeatable.",
    ),
    click.option(
        "--model",
        "models",
        multiple=True,
        metavar="[NAME=]FILE",
        callback=named_file,
        help="A model that corrects what is inferred from --spec.",
    ),
    click.option(
        "--handlers",
        "handler_files",
        multiple=True,
        metavar="[NAME=]FILE",
        callback=named_file,
        help="A Python file of yours that answers operations of --spec.",
    ),
    click.option(
        "--rows",
        default=25,
        show_default=True,
        type=click.IntRange(0, MAX_ROWS),
        help="Initial number of resources in each collection of --spec.",
    ),
    click.option("--notices", "-v", is_flag=True, help="List the places of --spec that could not be understood."),
]


def law_books(
    specs: Sequence[NamedFile], models: Sequence[NamedFile], apis: Sequence[API]
) -> tuple[dict[str, LawBook], dict[str, tuple[str, ...]]]:
    """Each document's law book, and the options that select the document, by name. Raises ``UsageError``, ``ModelError``."""
    if not specs:
        return {}, {}
    from counterfoil.apis.generic import infer
    from counterfoil.apis.generic.laws import law_book

    model_of = _by_name("--model", models, [api.name for api in apis])
    books, words = {}, {}
    for file, api in zip(specs, apis, strict=True):
        assert api.spec is not None
        model = model_of.get(api.name)
        books[api.name] = law_book(api.spec, infer(api.spec, model))
        words[api.name] = ("--spec", f"{api.name}={file.path}", *(("--model", f"{api.name}={model}") if model else ()))
    return books, words


def refuse_url(path: str) -> None:
    """Raise ``SpecError`` for a URL in place of a file."""
    from counterfoil.openapi import SpecError

    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", path):
        raise SpecError(f"{path}: a document is read from a file, and nothing is fetched; save it and give the file")


def _by_name(option: str, files: Sequence[NamedFile], names: Sequence[str]) -> dict[str, Path]:
    from counterfoil.lookup import UsageError

    by_name: dict[str, Path] = {}
    for file in files:
        if not names:
            raise UsageError(f"{option} {file.path}: needs the document it is for: --spec FILE")
        name = file.name or (names[0] if len(names) == 1 else None)
        if name is None:
            raise UsageError(f"{option} {file.path}: name its document: {option} NAME={file.path}")
        if name not in names:
            raise UsageError(
                f"{option} {file.path}: there is no --spec '{name}'; there are: {', '.join(names) or 'none'}"
            )
        if name in by_name:
            raise UsageError(f"{option}: two are given for '{name}'")
        by_name[name] = Path(file.path)
    return by_name


def print_notices(apis: Sequence[API], *, in_full: bool) -> None:
    """Print each document's summary and notices to standard error."""
    for api in apis:
        if api.summary:
            echo(f"{api.name}: {api.summary}", err=True)
        notices = api.spec.notices if api.spec is not None else ()
        if not notices:
            continue
        places = counted(len(notices), "place")
        source = api.spec.source if api.spec is not None else ""
        echo(
            f"{api.name}: {places} of {source} could not be understood{'' if in_full else '; -v lists them'}", err=True
        )
        if in_full:
            for notice in notices:
                echo(f"  {notice}", err=True)
