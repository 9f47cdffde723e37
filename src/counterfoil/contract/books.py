"""Finding an API's law book and spec by the API's name.

A law book is ``apis/<name>/laws.py``. It is loaded from its file and not through its package, whose import would bring in
the very implementation that the book must know nothing of.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

from counterfoil.contract.law import Book
from counterfoil.contract.specread import load_spec
from counterfoil.resources import PACKAGE, api_names, specs_dir


class NoSuchBook(LookupError):
    """There is no API of that name, or no law book for it: one line that lists what there is."""


def book_names() -> tuple[str, ...]:
    """The APIs that have a law book, sorted."""
    return tuple(name for name in api_names() if _path(name).is_file())


def book(api: str) -> Book:
    """The law book of ``api``. Raises ``NoSuchBook``."""
    if api not in book_names():
        raise NoSuchBook(f"there is no law book for '{api}'; there are: {', '.join(book_names())}")
    name = f"counterfoil.apis.{api.replace('-', '_')}.laws"
    if name not in sys.modules:
        found = spec_from_file_location(name, _path(api))
        assert found is not None
        assert found.loader is not None
        module = module_from_spec(found)
        sys.modules[name] = module
        try:
            found.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    result: Book | None = getattr(sys.modules[name], "BOOK", None)
    if result is None:
        raise NoSuchBook(f"{_path(api)} has no BOOK")
    return result


@lru_cache
def document(api: str) -> dict[str, Any]:
    """The OpenAPI document of ``api``; not to be changed. Raises ``SpecUnreadable``."""
    return load_spec(specs_dir() / api).document


def credential_scheme(spec: dict[str, Any]) -> tuple[str, str]:
    """How the spec says a credential is sent: the header's name and what stands before the token."""
    schemes = spec.get("components", {}).get("securitySchemes", {})
    for needed in spec.get("security") or _first_needed(spec):
        for name in needed:
            scheme = schemes.get(name, {})
            if scheme.get("type") == "apiKey" and scheme.get("in") == "header":
                return scheme["name"], ""
            if scheme.get("type") in ("http", "oauth2", "openIdConnect"):
                return "Authorization", "Bearer "
    return "Authorization", "Bearer "


def _first_needed(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """What the first operation that needs a credential asks for, where the spec asks for none in general."""
    operations = (operation for item in spec.get("paths", {}).values() for operation in item.values())
    return next((each["security"] for each in operations if isinstance(each, dict) and each.get("security")), [])


def _path(api: str) -> Any:
    return PACKAGE / "apis" / api.replace("-", "_") / "laws.py"
