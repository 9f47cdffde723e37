"""Says in one line why a value does not fit a schema; where it fits no alternative, what is wrong in the one that was meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from counterfoil import hints

Json = Any

MAX_BRANCHES = 200
"""How many alternatives are looked at, and how many errors of each."""
MAX_LISTED_VALUES = 20
MAX_DEPTH = 20
"""How many levels of nested alternatives are looked into; deeper ones are reported as a whole."""
_HOW_TO_WRITE = {
    'is not a "date-time"': hints.DATE_TIME_IN_A_URL,
    'is not a "date"': hints.DATE,
}
"""How to write what was refused, by the end of the validator's message."""


@dataclass(frozen=True, slots=True)
class Discriminator:
    """The property that says which alternative is meant. ``accepted`` are its values for each; ``shown`` are those
    that messages list."""

    property: str
    accepted: tuple[tuple[str, ...], ...]
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """What is wrong. ``path`` leads to the wrong value (keys and indices), or to the missing one (``is_missing``).

    ``message`` contains no value of the request, which may be secret. ``hint`` says how to write the value; ``note`` says which
    alternative the message is about.
    """

    path: tuple[str | int, ...]
    message: str
    is_missing: bool = False
    note: str = ""
    hint: str = ""

    @property
    def place(self) -> tuple[str | int, ...]:
        """The path of the wrong value, or of the object that lacks a member."""
        return self.path[:-1] if self.is_missing else self.path

    @property
    def text(self) -> str:
        """The whole message, for the client that sent the value."""
        return f"{self.message}{self.hint}{self.note}"


def cause_of(error: Any, discriminator: Callable[[Any], Discriminator | None]) -> Cause:
    """The cause of one of jsonschema-rs's errors. ``discriminator`` returns the discriminator of an error about alternatives."""
    notes: list[str] = []
    for _ in range(MAX_DEPTH):
        branches = _branches(error)
        if not branches:
            break
        if any(not each for each in branches):
            return Cause(_path(error), "the value fits more than one of the alternatives, and may fit only one")
        distinguished_by = discriminator(error)
        if distinguished_by is not None and isinstance(error.instance, dict):
            named = _named_branches(error, branches, distinguished_by)
            if isinstance(named, Cause):
                return named
            branches, note = named
            notes += [note] if note else []
        elif (common := _common_cause(error, branches)) is not None:
            return Cause(common.path, common.message, common.is_missing, _note(notes))
        usable = _of_its_type(error, branches)
        if len(usable) > 1:
            notes.append(f"the nearest of {len(usable)} alternatives")
        error = min(usable, key=lambda each: _distance(error, each))[0]
    return _cause(error, _note(notes))


def _named_branches(
    error: Any, branches: list[list[Any]], discriminator: Discriminator
) -> Cause | tuple[list[list[Any]], str]:
    """The alternatives that the value's discriminator names, and a note for the message; a cause if it names none."""
    name = discriminator.property
    sent = error.instance.get(name)
    path = (*_path(error), name)
    if name not in error.instance:
        return Cause(
            path,
            f'"{name}" is a required property',
            is_missing=True,
            note=f"; it is one of {_listed(discriminator.shown)}",
        )
    chosen = [
        branch
        for branch, names in zip(branches, discriminator.accepted, strict=False)
        if isinstance(sent, str) and sent in names
    ]
    if chosen:
        return chosen, f'{name} "{sent}"'
    open_ended = [branch for branch, names in zip(branches, discriminator.accepted, strict=False) if not names]
    if open_ended:
        return open_ended, ""
    return Cause(path, f"the value is not one of {_listed(discriminator.shown)}")


def _common_cause(error: Any, branches: list[list[Any]]) -> Cause | None:
    """The cause that all alternatives share: the value's type, one member's values, or one of several required members."""
    path = _path(error)
    types: dict[str, None] = {}
    for branch in branches:
        own = next((each for each in branch if each.kind.name == "type" and _path(each) == path), None)
        if own is None:
            break
        types.update(dict.fromkeys(own.kind.as_dict().get("types") or ()))
    else:
        if types:
            return Cause(path, f"the value is not of type {_listed(sorted(types))}")
    usable = _of_its_type(error, branches)
    if len(usable) < 2:
        return None
    lacking = [branch[0].kind.property for branch in usable if len(branch) == 1 and branch[0].kind.name == "required"]
    if len(lacking) == len(usable) and all(_path(branch[0]) == path for branch in usable):
        return Cause(path, f"one of {_listed(list(dict.fromkeys(lacking)))} is required")
    return _common_values(usable)


def _common_values(branches: list[list[Any]]) -> Cause | None:
    """The cause if every alternative lists values for the same member, and the member has none of them."""
    refused = [{_path(each): each for each in branch if each.kind.name in ("enum", "const")} for branch in branches]
    for path in refused[0]:
        if all(path in by_path for by_path in refused):
            values = [value for by_path in refused for value in _values(by_path[path])]
            return Cause(path, f"the value is not one of {_listed([str(each) for each in dict.fromkeys(values)])}")
    return None


def _values(error: Any) -> list[Json]:
    known = error.kind.as_dict()
    listed = known.get("options", [known["expected_value"]] if "expected_value" in known else [])
    return [each for each in listed if isinstance(each, str | int | float) and not isinstance(each, bool)]


def _of_its_type(error: Any, branches: list[list[Any]]) -> list[list[Any]]:
    """The alternatives for values of the value's type; all, if there are none."""
    path = _path(error)
    usable = [
        branch for branch in branches if not any(each.kind.name == "type" and _path(each) == path for each in branch)
    ]
    return usable or branches


def _distance(error: Any, branch: list[Any]) -> tuple[int, int]:
    """How far a value is from an alternative: how many enum or const errors it has at its top, then how many errors in all."""
    depth = len(_path(error))
    wrong_constants = sum(each.kind.name in ("enum", "const") and len(_path(each)) <= depth + 1 for each in branch)
    return wrong_constants, len(branch)


def _branches(error: Any) -> list[list[Any]]:
    if error.kind.name not in ("anyOf", "oneOf"):
        return []
    return [each[:MAX_BRANCHES] for each in (getattr(error.kind, "context", None) or [])[:MAX_BRANCHES]]


def _cause(error: Any, note: str) -> Cause:
    missing = getattr(error.kind, "property", None) if error.kind.name == "required" else None
    if missing is not None:
        return Cause((*_path(error), missing), str(error.message), is_missing=True, note=note)
    if error.kind.name == "falseSchema" or (error.kind.name == "not" and error.kind.as_dict().get("schema") == {}):
        return Cause(_path(error), "no value is allowed here", note=note)
    text = str(error.message)
    how = next((how for ending, how in _HOW_TO_WRITE.items() if text.endswith(ending)), None)
    return Cause(_path(error), text, note=note, hint=f": {how}" if how else "")


def _path(error: Any) -> tuple[str | int, ...]:
    """Where the error is in the value; the validator's own member of the root schema comes first in the library's path."""
    return tuple(error.instance_path)[1:]


def _note(notes: list[str]) -> str:
    return f" (for {', '.join(notes)})" if notes else ""


def _listed(values: list[str] | tuple[str, ...]) -> str:
    texts = [f'"{each}"' for each in values[:MAX_LISTED_VALUES]]
    if len(values) > MAX_LISTED_VALUES:
        texts.append(f"{len(values) - MAX_LISTED_VALUES} others")
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"


def schema_at(root: Mapping[str, Json], path: list[Json]) -> Json:
    """The part of a root schema at a path from jsonschema-rs, which may go through references; None if there is none."""
    here: Json = root
    for step in path:
        if step == "$ref" and isinstance(here, dict) and isinstance(here.get("$ref"), str):
            here = root.get("definitions", {}).get(here["$ref"].rpartition("/")[2])
        elif isinstance(here, dict):
            here = here.get(step)
        else:
            here = here[step] if isinstance(here, list) and isinstance(step, int) and step < len(here) else None
    return here
