"""Writes a model as YAML for editing, and reads corrections from such a file or from ``x-counterfoil``.

A file has a whole model, as ``counterfoil infer --write`` writes it, or only the differences from the inferred model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any, get_args

from counterfoil import yaml_reader
from counterfoil.api import ConfigurationError
from counterfoil.apis.generic.model import (
    Collection,
    Decision,
    Filter,
    Model,
    Operation,
    Operator,
    Pages,
    Parent,
    Role,
    place_text,
    read_place,
)

Json = Any

FORMAT = 1
MAX_FILE_BYTES = 20 * 1024 * 1024
MEMBERS = frozenset(["counterfoil", "collections", "operations", "actions", "made_up", "integrity"])
PLACES = ("id", "at", "each", "body", "id_at", "key", "linkage", "results", "next", "more", "total")
_KEYS = {"embeds": "holds"}
"""Keys of the file that differ from the attribute's name."""
_ROLES = get_args(Role)
_OPERATORS = get_args(Operator)
_INTEGRITIES = ("lenient", "strict")


class ModelError(ConfigurationError):
    """A model cannot be read or belongs to another document; the message is one line."""


# --- writing -------------------------------------------------------------------------------------


def write(model: Model) -> str:
    """The model as YAML. Attributes with their default value are omitted."""
    import yaml

    document = {
        "counterfoil": FORMAT,
        **({"integrity": model.integrity} if model.integrity != "lenient" else {}),
        "collections": {path: _written(each, skip=("path",)) for path, each in model.collections.items()},
        "operations": {
            name: _written(each, skip=("name",)) for name, each in model.operations.items() if each.role != "made_up"
        },
        "made_up": [name for name, each in model.operations.items() if each.role == "made_up"],
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)


def to_json(model: Model) -> dict[str, Json]:
    """The model with the reason and confidence of each decision, as ``counterfoil infer --json`` prints it."""
    return {
        "collections": {path: _written(each, skip=("path",)) for path, each in model.collections.items()},
        "operations": {name: _written(each, skip=("name",)) for name, each in model.operations.items()},
        "integrity": model.integrity,
        "decisions": [
            {"of": each.subject, "decision": each.value, "reason": each.reason, "confidence": each.confidence}
            for each in model.decisions
        ],
    }


def _written(part: Any, skip: tuple[str, ...] = ()) -> dict[str, Json]:
    out: dict[str, Json] = {}
    for each in fields(part):
        value = getattr(part, each.name)
        default = each.default if each.default is not MISSING else None
        if each.name in skip or value == default or value in ((), "", None):
            continue
        written = _value(each.name, value)
        if written not in ({}, [], ""):
            out[_KEYS.get(each.name, each.name)] = written
    return out


def _value(name: str, value: Any) -> Json:
    if isinstance(value, Pages):
        return _written(value)
    if name in PLACES and isinstance(value, tuple):
        return place_text(value)
    if name == "parents":
        return [
            {"parameter": each.parameter, **({"collection": each.collection} if each.collection else {})}
            for each in value
        ]
    if name == "filters":
        return {
            parameter: {"field": place_text(each.field), "operator": each.operator}
            if each.operator != "equal"
            else place_text(each.field)
            for parameter, each in value
        }
    if name == "scope":
        return [
            {"parameter": parameter, "field": field, **({"collection": owner} if owner else {})}
            for parameter, field, owner in value
        ]
    if name == "embeds":
        return [{"field": field, "id": id, "collection": owner} for field, id, owner in value]
    if name in ("references", "sets", "where", "flags", "lists"):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


# --- reading -------------------------------------------------------------------------------------


def corrected_by_file(model: Model, file: Path, operations: Iterable[str]) -> Model:
    """The model with the corrections in a file. Raises ``ModelError``."""
    try:
        source = file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error.strerror or error}") from None
    if len(source) > MAX_FILE_BYTES:
        raise ModelError(f"{file}: is larger than {MAX_FILE_BYTES} bytes")
    try:
        data = yaml_reader.read(source, str(file))
    except yaml_reader.YamlError as error:
        raise ModelError(str(error)) from None
    return corrected(model, data, str(file), operations)


def corrected(model: Model, data: Json, where: str, operations: Iterable[str]) -> Model:
    """The model with the corrections in ``data``. Raises ``ModelError`` with a message that begins with ``where``."""
    if not isinstance(data, dict) or not set(data) <= MEMBERS:
        raise ModelError(f"{where}: a model is a mapping of collections, operations, actions, made_up and integrity")
    if data.get("counterfoil", FORMAT) != FORMAT:
        raise ModelError(f"{where}: has format {data['counterfoil']!r}; this version reads format {FORMAT}")
    integrity = data.get("integrity", model.integrity)
    if integrity not in _INTEGRITIES:
        raise ModelError(f"{where}: integrity is one of {', '.join(_INTEGRITIES)}, not {integrity!r}"[:300])
    correction = _Correction(model, where, operations)
    for path, entry in _mapping(data, "collections", where).items():
        correction.correct_collection(path, entry)
    stated = _mapping(data, "operations", where)
    actions = {name: _as_action(entry) for name, entry in _mapping(data, "actions", where).items()}
    for name, entry in {**stated, **actions}.items():
        correction.correct_operation(name, entry)
    for name in data.get("made_up") or []:
        correction.make_up(name)
    return Model(correction.collections, correction.operations, tuple(correction.decisions), integrity)


def _as_action(entry: Mapping[str, Json]) -> dict[str, Json]:
    """An entry of ``actions`` as an entry of ``operations``."""
    return {"role": "action", **{("sets" if key == "set" else key): value for key, value in entry.items()}}


class _Correction:
    """A model being corrected. The methods raise ``ModelError``."""

    def __init__(self, model: Model, where: str, operations: Iterable[str]) -> None:
        self.where = where
        self.known = set(operations)
        self.collections, self.operations = dict(model.collections), dict(model.operations)
        self.decisions = list(model.decisions)

    def correct_collection(self, path: str, entry: Mapping[str, Json]) -> None:
        at = f"{self.where}: collections: {path}"
        before = self.collections.get(path) or Collection(path, "")
        if path not in self.collections and not any(name.partition(" ")[2].startswith(path) for name in self.known):
            raise ModelError(f"{at}: the document has no such path")
        self.collections[path] = _read(before, entry, at)
        if before != self.collections[path]:
            self._note(path, entry)

    def correct_operation(self, name: str, entry: Mapping[str, Json]) -> None:
        at = f"{self.where}: operations: {name}"
        if name not in self.known:
            raise ModelError(f"{at}: the document has no such operation")
        before = self.operations.get(name) or Operation(name, "made_up")
        self.operations[name] = after = _read(before, entry, at)
        if after.role not in _ROLES:
            raise ModelError(f"{at}: role is one of {', '.join(_ROLES)}, not '{after.role}'")
        named = [after.collection, *([after.linked_from] if after.linked_from else [])]
        missing = next((each for each in named if each not in self.collections), None)
        if after.role != "made_up" and missing is not None:
            raise ModelError(f"{at}: there is no collection '{missing}'")
        if before != after:
            self._note(name, entry)

    def make_up(self, name: str) -> None:
        """Give an operation a made-up response, independent of state."""
        if name not in self.known:
            raise ModelError(f"{self.where}: made_up: the document has no operation '{name}'")
        if self.operations[name].role != "made_up":
            self.operations[name] = Operation(name, "made_up", status=self.operations[name].status)
            self._note(name, {"role": "made_up"})

    def _note(self, subject: str, entry: Mapping[str, Json]) -> None:
        text = ", ".join(f"{key}: {value}" for key, value in entry.items())
        self.decisions.append(Decision(subject, text[:500], f"{self.where} says so", 1.0))


def _mapping(data: Mapping[str, Json], key: str, where: str) -> dict[str, Json]:
    value = data.get(key) or {}
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        raise ModelError(f"{where}: {key} is a mapping of mappings")
    return value


def _read(before: Any, entry: Mapping[str, Json], where: str) -> Any:
    names = {_KEYS.get(each.name, each.name): each.name for each in fields(before) if each.name not in ("path", "name")}
    changes: dict[str, Any] = {}
    for key, value in entry.items():
        if key not in names:
            raise ModelError(f"{where}: there is no '{key}'; there are: {', '.join(sorted(names))}")
        try:
            changes[names[key]] = _parsed(names[key], value, getattr(before, names[key]))
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            raise ModelError(f"{where}: {key} cannot be read: {error}") from None
    return replace(before, **changes)


def _parsed(key: str, value: Json, before: Any) -> Any:
    if key == "pages":
        return Pages(**{name: _parsed(name, each, getattr(Pages(), name)) for name, each in dict(value).items()})
    if key in PLACES and not (key == "at" and isinstance(before, str)):
        return read_place(_text(value))
    if key == "parents":
        return tuple(Parent(**each) for each in value)
    if key == "scope":
        return tuple((each["parameter"], each["field"], each.get("collection", "")) for each in value)
    if key == "filters":
        return tuple((name, _filter(each)) for name, each in dict(value).items())
    if key == "embeds":
        return tuple((_text(each["field"]), _text(each["id"]), _text(each["collection"])) for each in value)
    if key in ("references", "sets", "where", "flags", "lists"):
        return tuple(sorted(dict(value).items())) if key in ("sets", "where") else tuple(dict(value).items())
    if isinstance(before, tuple):
        if not isinstance(value, list):
            raise TypeError("a list is expected")
        return tuple(map(str, value))
    if key == "rows":
        if not isinstance(value, int) or not 0 <= value <= 100_000:
            raise ValueError("a number from 0 to 100000 is expected")
        return value
    if isinstance(before, bool):
        if not isinstance(value, bool):
            raise TypeError("true or false is expected")
        return value
    if isinstance(before, int):
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError("a whole number is expected")
        return value
    return _text(value)


def _filter(entry: Json) -> Filter:
    if isinstance(entry, str):
        return Filter(read_place(entry))
    found = Filter(read_place(_text(entry["field"])), entry.get("operator", "equal"))
    if found.operator not in _OPERATORS or set(entry) - {"field", "operator"}:
        raise ValueError(f"field and operator are expected, the operator one of {', '.join(_OPERATORS)}")
    return found


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is expected, not {value!r}"[:200])
    return value
