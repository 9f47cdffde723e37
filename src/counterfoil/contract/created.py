"""Recognizes the resources that a check created, by their paths below the target's base."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from urllib.parse import quote, unquote, urlsplit


def created_paths(collection: str, status: int, content: bytes, location: str | None) -> list[str]:
    """The path of the resource that a POST to ``collection`` created, from its body's ``id`` or its Location.

    In a list: empty if it was refused, or answered 200 without an id (a search); ``collection/?`` if the id is not known.
    """
    if status // 100 != 2:
        return []
    base = collection.rstrip("/")
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    key = body.get("id") if isinstance(body, dict) else None
    if key is None and location:
        key = unquote(urlsplit(location).path.rstrip("/").rsplit("/", 1)[-1])
    if key in (None, ""):
        return [] if status == 200 else [f"{base}/?"]
    return [f"{base}/{quote(str(key), safe='+@:')}"]


def is_created(path: str, created: Collection[str]) -> bool:
    """Whether ``path`` is the path of a created resource, or below it."""
    return any(path == own or path.startswith(f"{own}/") for own in created if not own.endswith("?"))


def ids_for(template: str, created: Collection[str]) -> dict[str, str] | None:
    """Path parameters with which ``template`` (``/things/{id}``) addresses the newest created resource it fits, or ``None``."""
    pattern = re.compile(re.sub(r"\\{([^}]*)\\}", r"([^/]+)", re.escape(template.rstrip("/"))))
    names = re.findall(r"\{([^}]*)\}", template)
    for path in reversed(list(created)):
        match = pattern.fullmatch(path)
        if match and not path.endswith("?"):
            return dict(zip(names, map(unquote, match.groups()), strict=True))
    return None
