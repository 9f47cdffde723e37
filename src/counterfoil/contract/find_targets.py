"""Builds targets from the options of a check: addresses, credentials from headers or the environment, and known ids."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from counterfoil.catalog import api_names
from counterfoil.contract.baseline import BaselineEntry
from counterfoil.contract.conformance.records import EXPECTED
from counterfoil.contract.law import LawBook
from counterfoil.contract.law_books import book_for, document_of, law_book, law_book_names
from counterfoil.contract.runner import is_selected
from counterfoil.contract.target import Target
from counterfoil.plain_text import as_text

Start = Callable[[Sequence[str]], Mapping[str, Target]]
"""Starts a stand-in for each of the named APIs."""


class CheckUsageError(Exception):
    """The options of the check contradict each other or cannot be used: one line."""


def find_targets(
    apis: Sequence[str],
    urls: Mapping[str, str],
    headers: Sequence[str],
    start: Start | None,
    environ: Mapping[str, str],
    own: Mapping[str, LawBook] | None = None,
) -> dict[str, Target]:
    """The target of each API; ``own`` are books of APIs that the catalog does not have. Raises ``CheckUsageError``."""
    own = own or {}
    names = list(dict.fromkeys([*apis, *own] if own else apis or urls or api_names()))
    available = [*own, *api_names()]
    for name in [*names, *urls]:
        if name not in available:
            raise CheckUsageError(f"there is no API '{name}'; there are: {', '.join(available)}")
    if unexpected := [name for name in urls if name not in names]:
        raise CheckUsageError(f"--url names {', '.join(unexpected)}, which is not to be checked")
    sent = dict(_header(text) for text in headers)
    found = {name: _remote_target(name, urls[name], sent, environ) for name in names if name in urls}
    rest = [name for name in names if name not in urls]
    if rest:
        if start is None:
            raise CheckUsageError(f"no address for {', '.join(rest)}: use --url API=URL")
        found |= start(rest)
    return {name: _with_book(found[name], own.get(name)) for name in names}


def _with_book(target: Target, book: LawBook | None) -> Target:
    second = target.conformance_target
    return replace(target, book=book, conformance_target=second and replace(second, book=book))


def add_known_ids(targets: Mapping[str, Target], known: Sequence[str]) -> dict[str, Target]:
    """The targets with the ids given as ``API.NAME=VALUE``. Raises ``CheckUsageError``."""
    found = dict(targets)
    for text in known:
        place, equals, value = text.partition("=")
        api, dot, name = place.partition(".")
        if not equals or not dot or not value or api not in found:
            raise CheckUsageError(f"--known must be API.NAME=VALUE for an API that is checked, not '{text}'")
        read = book_for(api, found[api]).known_parameters
        if name not in read:
            names = f"the laws of {api} read {', '.join(read)}" if read else f"the laws of {api} need no ids"
            raise CheckUsageError(f"--known {text}: {names}")
        before = found[api].known
        found[api] = replace(found[api], known={**before, name: (*before.get(name, ()), value)})
    return found


def add_switches(targets: Mapping[str, Target], switches: Sequence[str]) -> dict[str, Target]:
    """The targets with the choices given as ``API.SWITCH=VALUE``. Raises ``CheckUsageError``."""
    found = dict(targets)
    for text in switches:
        name, equals, value = text.partition("=")
        api = name.partition(".")[0]
        if not equals or api not in found:
            raise CheckUsageError(f"--switch must be API.SWITCH=VALUE for an API that is checked, not '{text}'")
        choices = {
            entry["switch"]: entry.get("choices")
            for entry in document_of(book_for(api, found[api])).get("x-assumptions", [])
        }
        if name not in choices:
            raise CheckUsageError(f"there is no switch '{name}'; {api} has: {', '.join(choices)}")
        allowed = choices[name]
        if allowed is not None and value not in map(as_text, allowed):
            raise CheckUsageError(f"--switch {text}: must be one of {', '.join(map(as_text, allowed))}")
        found[api] = replace(found[api], switches={**found[api].switches, name: value})
    return found


def check_law_names(targets: Mapping[str, Target], only: Sequence[str]) -> None:
    """Verify that ``only`` has ids of laws, beginnings of ids, or parts of conformance. Raises ``CheckUsageError``."""
    laws = [law for api, target in targets.items() for law in book_for(api, target).laws]
    for name in only:
        if name.split(".", 1)[0] == "conformance" and not is_check_name(name):
            checks = ", ".join(f"conformance.{check}" for check in EXPECTED)
            raise CheckUsageError(f"there is no check '{name}'; there are: {checks}")
        if not is_check_name(name) and not any(is_selected(law, [name]) for law in laws):
            raise CheckUsageError(f"there is no law '{name}'; counterfoil check --list-laws lists them")


def check_baseline_names(entries: Sequence[BaselineEntry], targets: Mapping[str, Target]) -> None:
    """Verify that every entry names an existing law or check, operation and API. Raises ``CheckUsageError``."""
    for entry in entries:
        part = entry.id.split(".", 1)[0]
        if part in targets or part in law_book_names():
            book = book_for(part, targets[part]) if part in targets else law_book(part)
            known = any(law.id == entry.id for law in book.laws)
        else:
            known = is_check_name(entry.id) or entry.id == "spec.lint"
        if not known:
            raise CheckUsageError(f"the baseline names '{entry.id}', and there is no such law or check")
        if entry.api and entry.api not in (*targets, *api_names()):
            raise CheckUsageError(f"the baseline names the API '{entry.api}'; there are: {', '.join(api_names())}")


def is_check_name(name: str) -> bool:
    """Whether ``name`` is the whole of conformance or one of its checks."""
    part, _, check = name.partition(".")
    return part == "conformance" and (check in ("", *EXPECTED) or check.startswith("error."))


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or any(c in text for c in "\r\n\0") or not text.isascii():
        # The text is not shown: it may be a credential.
        raise CheckUsageError("--header must be 'Name: value', in ASCII and on one line")
    return name.strip(), value.strip()


def _remote_target(api: str, url: str, headers: Mapping[str, str], environ: Mapping[str, str]) -> Target:
    try:
        split = urlsplit(url)
        usable = split.scheme in ("http", "https") and split.hostname and (split.port or True)
    except ValueError:
        usable = False
    if not usable or split.query or split.fragment:
        raise CheckUsageError(f"--url {api}=…: must be a base such as https://rest.example.com/v1")
    if split.username or split.password:
        raise CheckUsageError(
            f"--url {api}=…: give credentials with --header or in the environment, not in the address"
        )
    return Target(
        url.rstrip("/"),
        token=_credential("TOKEN", api, environ),
        forbidden=_credential("FORBIDDEN", api, environ),
        login=_login(api, environ),
        headers=headers,
    )


def _credential(kind: str, api: str, environ: Mapping[str, str]) -> str | None:
    """``COUNTERFOIL_TOKEN_ELEVATE``, or ``COUNTERFOIL_TOKEN`` for every API."""
    own = f"COUNTERFOIL_{kind}_{api.upper().replace('-', '_')}"
    return environ.get(own) or environ.get(f"COUNTERFOIL_{kind}") or None


def _login(api: str, environ: Mapping[str, str]) -> Any:
    text = _credential("LOGIN", api, environ)
    try:
        return json.loads(text) if text else None
    except ValueError:
        raise CheckUsageError(f"COUNTERFOIL_LOGIN for {api} must be the login's body as JSON") from None
