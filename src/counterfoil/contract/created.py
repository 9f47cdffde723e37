"""Recognizes the resources that a check created, by their paths below the target's base."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from counterfoil.openapi.path_templates import PARAMETER


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


def member_path(template: str, parents: Sequence[Any], content: bytes, shown: Sequence[str | int]) -> str | None:
    """The path of a member whose id is at ``shown`` in a response, below ``parents``; None if it is not there."""
    names = PARAMETER.findall(template)
    try:
        key = value_at(json.loads(content), shown)
    except ValueError:
        return None
    if not isinstance(key, str | int) or key == "" or len(names) != len(parents) + 1:
        return None
    return filled_path(template, dict(zip(names, [*parents, key], strict=True)))


def filled_path(template: str, ids: Mapping[str, Any]) -> str:
    """A path with the ids in place of its parameters."""
    for name, value in ids.items():
        template = template.replace(f"{{{name}}}", quote(str(value), safe="+@:"))
    return template


def value_at(value: Any, place: Sequence[str | int]) -> Any:
    """The plain value at a place of a JSON value, else None."""
    for part in place:
        in_list = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if not in_list and not (isinstance(value, dict) and part in value):
            return None
        value = value[part]
    return None if isinstance(value, dict | list) else value


def is_created(path: str, created: Collection[str]) -> bool:
    """Whether ``path`` is the path of a created resource, or below it."""
    return any(path == own or path.startswith(f"{own}/") for own in created if not own.endswith("?"))


def ids_for(template: str, created: Collection[str]) -> dict[str, str] | None:
    """Path parameters, percent-encoded, with which ``template`` (``/things/{id}``) addresses the last of the created resources
    that it fits, or ``None``."""
    pattern = re.compile(re.sub(r"\\{([^}]*)\\}", r"([^/]+)", re.escape(template.rstrip("/"))))
    names = re.findall(r"\{([^}]*)\}", template)
    for path in reversed(list(created)):
        match = pattern.fullmatch(path)
        if match and not path.endswith("?"):
            return dict(zip(names, match.groups(), strict=True))
    return None
