"""Finds an API's law book and OpenAPI document by the API's name.

A law book is ``laws.py``, or a package ``laws``, in the folder of the API's package. It is loaded from its file and not
through that package: importing it would import the implementation, which a law book must not use.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from counterfoil.catalog import entries, entry
from counterfoil.contract.http_client import BASIC
from counterfoil.contract.law import LawBook
from counterfoil.contract.specs.reading import load_spec
from counterfoil.contract.target import Target


class NoSuchLawBook(LookupError):
    """There is no API of that name, or it has no law book: one line that lists the existing ones."""


def law_book_names() -> tuple[str, ...]:
    """The APIs that have a law book, sorted."""
    return tuple(name for name, entry in entries().items() if entry.laws is not None)


def law_book(api: str) -> LawBook:
    """The law book of ``api``. Raises ``NoSuchLawBook``."""
    known = entries()
    path = known[api].laws if api in known else None
    if path is None:
        raise NoSuchLawBook(f"there is no law book for '{api}'; there are: {', '.join(law_book_names())}")
    name = f"{known[api].module}.laws"
    if name not in sys.modules:
        _load(name, path)
    result: LawBook | None = getattr(sys.modules[name], "LAW_BOOK", None)
    if result is None:
        raise NoSuchLawBook(f"{path} has no LAW_BOOK")
    return result


def _load(name: str, path: Path) -> None:
    folder = [str(path.parent)] if path.name == "__init__.py" else None
    spec = spec_from_file_location(name, path, submodule_search_locations=folder)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(sys.modules[name])
    except BaseException:
        del sys.modules[name]
        raise


@lru_cache
def document(api: str) -> dict[str, Any]:
    """The OpenAPI document of ``api``; callers must not change it. Raises ``SpecUnreadable``."""
    return load_spec(entry(api).specs).document


def book_for(api: str, target: Target) -> LawBook:
    """The law book for a target: its own, or the API's. Raises ``NoSuchLawBook``."""
    return target.book or law_book(api)


def document_of(book: LawBook) -> Mapping[str, Any]:
    """The OpenAPI document that a book is about; callers must not change it. Raises ``SpecUnreadable``."""
    return document(book.api) if book.document is None else book.document


def credential_scheme(spec: Mapping[str, Any]) -> tuple[str, str]:
    """How the spec says a credential is sent: the header's name, and the prefix of the token.

    ``Basic`` is chosen if the spec offers nothing else, or if every operation accepts it and some accept only it; its token
    is ``name:password``.
    """
    schemes = spec.get("components", {}).get("securitySchemes", {})
    if _only_basic_is_enough(spec, schemes):
        return "Authorization", BASIC
    basic = False
    for requirement in spec.get("security") or _first_requirement(spec):
        for name in requirement:
            scheme = schemes.get(name, {})
            kind, place = scheme.get("type"), scheme.get("in")
            if (
                kind == "apiKey"
                and str(scheme.get("name")).lower() == "authorization"
                and _has_bearer(requirement, schemes)
            ):
                continue  # both use this header: the bearer token serves as the key, too
            if kind == "apiKey" and place == "header":
                return scheme["name"], ""
            if kind == "apiKey" and place == "cookie":
                return "Cookie", f"{scheme['name']}="
            if kind == "http" and str(scheme.get("scheme")).lower() == "basic":
                basic = True
            elif kind in ("http", "oauth2", "openIdConnect"):
                return "Authorization", "Bearer "
    return "Authorization", BASIC if basic else "Bearer "


def _only_basic_is_enough(spec: Mapping[str, Any], schemes: Mapping[str, Any]) -> bool:
    """Whether every operation with security accepts Basic alone, and some operation accepts nothing else."""
    operations = (operation for item in spec.get("paths", {}).values() for operation in item.values())
    securities = [item.get("security", spec.get("security")) for item in operations if isinstance(item, dict)]
    kinds = [{_kind_of_scheme(requirement, schemes) for requirement in security} for security in securities if security]
    return bool(kinds) and all("basic" in kind for kind in kinds) and any(kind == {"basic"} for kind in kinds)


def _kind_of_scheme(requirement: Mapping[str, Any], schemes: Mapping[str, Any]) -> str:
    kinds = {str(schemes.get(name, {}).get("scheme")).lower() for name in requirement}
    return "basic" if kinds == {"basic"} else "other"


def _has_bearer(requirement: Mapping[str, Any], schemes: Mapping[str, Any]) -> bool:
    """Whether a requirement asks for a bearer token, which is sent in ``Authorization``."""
    required = [schemes.get(name, {}) for name in requirement]
    return any(str(scheme.get("scheme")).lower() == "bearer" or scheme.get("type") == "oauth2" for scheme in required)


def further_schemes(book: LawBook) -> tuple[tuple[str, str], ...]:
    """Other headers in which operations of a user's own document take a credential: documents often mix schemes."""
    if book.document is None:
        return ()
    first = credential_scheme(book.document)[0]
    found: dict[str, str] = {}
    for scheme in book.document.get("components", {}).get("securitySchemes", {}).values():
        name, prefix = credential_scheme({"components": {"securitySchemes": {"it": scheme}}, "security": [{"it": []}]})
        if name != first and (scheme.get("type") != "apiKey" or scheme.get("in") in ("header", "cookie")):
            found.setdefault(name, prefix)
    return tuple(found.items())


def own_scheme(book: LawBook | None, operation: str, usual: tuple[str, str]) -> tuple[str, str] | None:
    """An operation's own way to use the credential header of a user's own document: for example a bearer token, where other
    operations take a plain key in ``Authorization``. None if it is the usual way, and for an API of the catalog."""
    document = None if book is None else book.document
    if document is None:
        return None
    method, _, path = operation.partition(" ")
    schemes = document.get("components", {}).get("securitySchemes", {})
    ways = [
        credential_scheme({"components": {"securitySchemes": schemes}, "security": [requirement]})
        for requirement in document["paths"].get(path, {}).get(method.lower(), {}).get("security") or ()
        if any(_is_in_a_header(schemes.get(name, {})) for name in requirement)
    ]
    if usual in ways:
        return None
    return next((way for way in ways if way[0].lower() == usual[0].lower()), None)


def _is_in_a_header(scheme: Mapping[str, Any]) -> bool:
    return scheme.get("type") in ("http", "oauth2", "openIdConnect") or scheme.get("in") == "header"


def query_keys(book: LawBook) -> dict[str, str]:
    """The query parameters that take a credential in a user's own document, by the name of their security scheme; empty if a
    header alone is enough."""
    document = book.document or {}
    schemes = document.get("components", {}).get("securitySchemes", {})
    keys = {name: key["name"] for name, key in schemes.items() if key.get("in") == "query" and key.get("name")}
    security = document.get("security") or _first_requirement(document)
    is_needed = bool(security) and all(any(name in keys for name in requirement) for requirement in security)
    return {name: keys[name] for requirement in security for name in requirement if name in keys} if is_needed else {}


def _first_requirement(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The security requirement of the first operation that has one, for specs that state none at their root."""
    operations = (operation for item in spec.get("paths", {}).values() for operation in item.values())
    return next((each["security"] for each in operations if isinstance(each, dict) and each.get("security")), [])
