"""Finds values for an operation's parameters and body, from a world's ids and the document's links, examples and schemas."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from counterfoil import json_pointer
from counterfoil.api import API
from counterfoil.apis.generic import infer
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.laws.bodies import CannotMake, any_value, fields_for, media_of, sent
from counterfoil.openapi import Spec, SpecError, resolve
from counterfoil.world.world import World

Json = Any

_LINK = "$response.body#"
MAX_VALUES = 5
"""Limit on the values that are tried for one parameter."""


class Candidates:
    """The values for one API in one world. ``world()`` returns its current state; the ids are those of ``customer``."""

    def __init__(self, api: API, spec: Spec, world: Callable[[], World], customer: int) -> None:
        self.api = api
        self.spec = spec
        self.world = world
        now = world()
        self.ids = dict(api.ids(now, customer)) if 1 <= customer <= now.ledger.customers else {}
        self._linked: dict[tuple[str, str], list[str]] = {}
        self._worked: dict[str, str] = {}
        self._items: dict[str, dict[str, str]] = {}

    @cached_property
    def document(self) -> Document:
        """The document with its inferred model; only needed if the examples do not suffice."""
        return Document(self.spec, infer(self.spec))

    def of_parameter(
        self, operation: Mapping[str, Json], parameter: Mapping[str, Json], path: str, before: list[str]
    ) -> list[str]:
        """Values of a path parameter, best first. ``path`` ends with it; ``before`` has the values of earlier parameters."""
        name, collection = parameter["name"], path.rpartition("/")[0]
        item = self._items.get(collection, {})
        values = [
            *([self.ids[name]] if name in self.ids else []),
            *reversed(self._linked.get((str(operation.get("operationId")), name), [])),
            *(item[member] for member in (name, "id") if member in item),
            *([self._worked[path]] if path in self._worked else []),
            *self._stored(collection, before),
            *(other[name] for other in self._items.values() if name in other),
            *self.examples(parameter),
        ]
        return list(dict.fromkeys(values))[:MAX_VALUES] or ["1"]

    def remember_path_value(self, path: str, value: str) -> None:
        """Remember a value with which a request to this path succeeded."""
        self._worked[path] = value

    def examples(self, parameter: Mapping[str, Json]) -> list[str]:
        """The documented examples of a parameter, or a value that its schema allows."""
        shown = [parameter["example"]] if "example" in parameter else self._named(parameter)
        if not shown:
            try:
                shown = [any_value(self.document, parameter.get("schema"), parameter["name"])]
            except CannotMake:
                return []
        return [as_text(value) for value in shown if not isinstance(value, dict)]

    def body(self, name: str, operation: Mapping[str, Json]) -> tuple[str, str] | None:
        """Text and media type of a request's body; None if it has none or none can be generated."""
        media = media_of(operation)
        if media is None:
            return None
        shown = [media[1]["example"]] if "example" in media[1] else self._named(media[1])
        is_form = "json" not in media[0]
        if shown and not is_form:
            return _pretty(shown[0]), media[0]
        modelled = self.document.model.operations[name]
        if modelled.linkage:  # the body has a list, not the fields of a member
            modelled = dataclasses.replace(modelled, body=())
        try:
            fields = fields_for(modelled, self.document, None, self._references(modelled.collection))
            made = sent(modelled, operation, fields)
        except CannotMake:
            return None
        if "content" in made:
            text = made["content"].decode()
            return (text if is_form else _pretty(json.loads(text))), made["headers"]["Content-Type"]
        return _pretty(made["body"]), media[0]

    def remember_response(self, method: str, path: str, operation: Mapping[str, Json], status: int, body: Json) -> None:
        """Remember the first item of a list or the created object, and the values of the response's links."""
        item = _first_item(body) if method == "GET" else _created(body)
        if not path.rstrip("/").endswith("}"):
            plain = {
                name: as_text(value) for name, value in item.items() if isinstance(value, str | int) and value != ""
            }
            self._items[path.rstrip("/")] = plain
        response = operation["responses"].get(str(status)) or {}
        for link in (response.get("links") or {}).values():
            try:
                link = resolve(self.spec.raw, link)
            except SpecError:
                continue
            for name, expression in (link.get("parameters") or {}).items():
                if not (isinstance(expression, str) and expression.startswith(_LINK)):
                    continue
                try:
                    value = json_pointer.find(body, expression.removeprefix("$response.body"))
                except LookupError:
                    continue
                if isinstance(value, str | int):
                    known = self._linked.setdefault((str(link.get("operationId")), name.rpartition(".")[2]), [])
                    known.append(as_text(value))

    def _named(self, node: Mapping[str, Json]) -> list[Json]:
        shown = []
        for example in (node.get("examples") or {}).values():
            try:
                shown.append(resolve(self.spec.raw, example)["value"])
            except (SpecError, LookupError, TypeError):
                continue
        return shown

    def _stored(self, collection: str, before: list[str]) -> list[str]:
        """The first ids of a collection of an API that is made from a document."""
        if self.api.store is None:
            return []
        try:
            members = self.api.store(self.world).at(collection, *before)
        except KeyError:
            return []
        return [member.id for member, _ in zip(members, range(2), strict=False)]

    def _references(self, collection: str) -> dict[str, Json]:
        """The fields that refer to another collection, each with an existing id."""
        known = self.document.model.collections.get(collection)
        pairs = known.references if known is not None else ()
        ids_by_field = {field: self._stored(target, []) for field, target in pairs}
        return {field: ids[0] for field, ids in ids_by_field.items() if ids}


def _first_item(body: Json) -> dict[str, Json]:
    """The first object of a list that is the body or one of its members."""
    lists = [body] if isinstance(body, list) else body.values() if isinstance(body, dict) else []
    for items in lists:
        if isinstance(items, list) and items and isinstance(items[0], dict):
            return dict(items[0])
    return {}


def _created(body: Json) -> dict[str, Json]:
    """The created object: the body, or its only member."""
    if not isinstance(body, dict):
        return {}
    inner = [member for member in body.values() if isinstance(member, dict)]
    return dict(inner[0]) if len(body) == len(inner) == 1 else body


def as_text(value: Json) -> str:
    """A value as text for a path or query."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(as_text, value))
    return str(value)


def _pretty(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
