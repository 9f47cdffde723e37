"""Applies the changes of a JSON Patch (RFC 6902) to a value."""

from __future__ import annotations

from typing import Any

from counterfoil import json_pointer
from counterfoil.json_values import copy_json

Json = Any

MAX_CHANGES = 500
"""Changes in one patch."""


class BadPatch(ValueError):
    """A patch that cannot be applied; the message is one line."""


def is_patch(body: Json) -> bool:
    """Whether a body is a JSON Patch: a list of objects with ``op`` and ``path``."""
    return isinstance(body, list) and all(isinstance(each, dict) and {"op", "path"} <= each.keys() for each in body)


def patched(value: dict[str, Json], patch: list[Json]) -> dict[str, Json]:
    """The value after all changes; ``value`` itself stays unchanged. Raises ``BadPatch``."""
    if len(patch) > MAX_CHANGES:
        raise BadPatch(f"a patch has up to {MAX_CHANGES} changes")
    result: Json = copy_json(value)
    for each in patch:
        op, path = each["op"], _steps(each["path"])
        if op == "test":
            if _get(result, path) != each.get("value"):
                raise BadPatch(f"{each['path']} is not what the test expects")
        elif op in ("move", "copy"):
            source = _steps(each.get("from"))
            moved = copy_json(_get(result, source))
            result = _without(result, source) if op == "move" else result
            result = _with(result, path, moved, add=True)
        elif op == "remove":
            result = _without(result, path)
        elif op in ("add", "replace"):
            result = _with(result, path, each.get("value"), add=op == "add")
        else:
            raise BadPatch(f"'{str(op)[:40]}' is not a JSON Patch operation")
    if not isinstance(result, dict):
        raise BadPatch("what is left is not an object")
    return result


def _steps(pointer: Json) -> list[str]:
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise BadPatch(f"'{str(pointer)[:80]}' is not a JSON pointer")
    return json_pointer.split(pointer)


def _get(value: Json, steps: list[str]) -> Json:
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step[:9]) < len(value):
            value = value[int(step[:9])]
        else:
            raise BadPatch(f"there is no '{'/'.join(steps)[:80]}'")
    return value


def _with(value: Json, steps: list[str], new: Json, *, add: bool) -> Json:
    if not steps:
        return new
    parent, last = _get(value, steps[:-1]), steps[-1]
    if isinstance(parent, list) and add and (last == "-" or (last.isdecimal() and int(last[:9]) <= len(parent))):
        parent.insert(len(parent) if last == "-" else int(last[:9]), new)
    elif isinstance(parent, list) and not add and last.isdecimal() and int(last[:9]) < len(parent):
        parent[int(last[:9])] = new
    elif isinstance(parent, dict) and (add or last in parent):
        parent[last] = new
    else:
        raise BadPatch(f"there is no '{'/'.join(steps)[:80]}'")
    return value


def _without(value: Json, steps: list[str]) -> Json:
    _get(value, steps)
    if not steps:
        return None
    parent = _get(value, steps[:-1])
    del parent[int(steps[-1]) if isinstance(parent, list) else steps[-1]]
    return value
