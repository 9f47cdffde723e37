"""Shows only the fields that a request names (``fields=id,name``), or all except those it names (``exclude=notes``).

Required fields and the id are always shown, so every response stays valid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from counterfoil.api import Request, Response
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.handlers.listing import list_query
from counterfoil.apis.generic.model import Operation
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.object_parameters import noun, of_kind
from counterfoil.apis.generic.places import at, replaced

Json = Any
Tree = dict[str, Any]
"""Requested names, normalised with ``letters``, each with the names inside it; an empty tree means everything."""

MAX_NAMES = 500
_TOKENS = re.compile(r"[^,()\s]+|[,()]")


class FieldSelection:
    """The field selection of one document's operations."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def applies(self, operation: Operation) -> bool:
        """Whether the operation has a parameter that chooses fields."""
        return bool(operation.fields or operation.omit) and self.document.answer(operation.name).is_json

    def chosen(self, operation: Operation, request: Request, response: Response) -> Response:
        """The response with the fields that the request asks for; fields that the document requires stay."""
        query = list_query(operation, request)
        asked = (query.get(each) for each in (operation.fields, operation.omit))
        wanted, unwanted = (names_in(self._about_own_kind(operation, response.body, each)) for each in asked)
        if not wanted and not unwanted:
            return response
        answer = self.document.answer(operation.name)
        if response.status != answer.status or not isinstance(response.body, dict | list):
            return response
        body = self._body(operation, response.body, wanted, unwanted)
        return Response(response.status, body, response.headers, response.media_type)

    def _about_own_kind(self, operation: Operation, body: Json, asked: Json) -> Json:
        """Of names by resource type (``fields[articles]``), those for the type of the shown members; all if no type is known."""
        if not isinstance(asked, dict):
            return asked
        found = at(body, (*operation.at, 0, *operation.each) if operation.role == "list" else operation.at)
        kind = found.get("type") if isinstance(found, dict) else None
        own = of_kind(asked, (noun(operation.collection), str(kind)))
        if own:
            return {name: asked[name] for name in own}
        others = of_kind(asked, [noun(each) for each in self.document.model.collections])
        return {name: each for name, each in asked.items() if name not in others}

    def _body(self, operation: Operation, body: Json, wanted: Tree, unwanted: Tree) -> Json:
        answer = self.document.answer(operation.name)
        is_valid = self.document.checks(operation.name, answer).is_valid
        is_list = operation.role == "list"
        inner = (0, *operation.each) if is_list else ()
        schema = self.document.reader.member(answer.schema, (*operation.at, *inner)) or {}
        found = at(body, operation.at)
        members = [at(each, operation.each) for each in found] if is_list and isinstance(found, list) else [found]
        members = [each for each in members if isinstance(each, dict)]
        if not members:
            return body
        if (
            wanted
            and not any(letters(name) in wanted for name in members[0])
            and isinstance(members[0].get("attributes"), dict)
        ):  # JSON:API names the fields inside ``attributes``
            wanted = {"attributes": wanted}
        keeps = self._own(operation)

        def with_each(change: Callable[[dict[str, Json]], Json]) -> Json:
            if not is_list:
                return replaced(body, operation.at, change(found))
            return replaced(
                body,
                operation.at,
                [replaced(each, operation.each, change(at(each, operation.each))) for each in found],
            )

        chosen = with_each(lambda each: self._chosen(each, schema, wanted, unwanted, keeps))
        if is_valid(chosen):
            return chosen
        removed = self._removable(
            members[0], wanted, unwanted, keeps, lambda removed: is_valid(with_each(_without(removed)))
        )
        return with_each(_without(removed))

    def _own(self, operation: Operation) -> frozenset[str]:
        """The id property, which is always shown."""
        collection = self.document.model.collections.get(operation.collection)
        return frozenset(str(each) for each in collection.id[:1]) if collection is not None else frozenset()

    def _chosen(
        self, value: Json, schema: Json, wanted: Tree, unwanted: Tree, keeps: frozenset[str] = frozenset()
    ) -> Json:
        if isinstance(value, list):
            items = self.document.reader.items(schema)
            return [self._chosen(each, items, wanted, unwanted) for each in value]
        if not isinstance(value, dict):
            return value
        members, required = self.document.reader.properties(schema), self.document.reader.required(schema) | keeps
        out: dict[str, Json] = {}
        for name, each in value.items():
            key = letters(name)
            if name not in required and ((wanted and key not in wanted) or unwanted.get(key) == {}):
                continue
            more, less = wanted.get(key, {}), unwanted.get(key, {})
            out[name] = self._chosen(each, members.get(name, {}), more, less) if more or less else each
        return out

    def _removable(
        self,
        member: Mapping[str, Json],
        wanted: Tree,
        unwanted: Tree,
        keeps: frozenset[str],
        is_valid: Callable[[frozenset[str]], bool],
    ) -> frozenset[str]:
        """The unwanted fields that the response can omit and stay valid, found by omitting them one by one."""
        removed: frozenset[str] = frozenset()
        for name in list(member)[:MAX_NAMES]:
            key = letters(name)
            if name not in keeps and ((wanted and key not in wanted) or unwanted.get(key) == {}):
                removed = removed | {name} if is_valid(removed | {name}) else removed
        return removed


def names_in(asked: Json) -> Tree:
    """The tree of names in ``id,owner.name`` or ``id,owner(name)``, in a list of such texts, or by type as in JSON:API."""
    tree: Tree = {}
    for text in _texts(asked):
        stack = [tree]
        last: Tree = tree
        for part in _TOKENS.findall(text)[: 2 * MAX_NAMES]:
            if part == "(":
                stack.append(last)
            elif part == ")":
                stack = stack[:-1] or [tree]
            elif part != ",":
                last = stack[-1]
                for name in re.split(r"[./]", part):
                    last = last.setdefault(letters(name), {}) if letters(name) else last
    return tree


def _texts(asked: Json) -> Iterable[str]:
    if isinstance(asked, dict):
        asked = [each for value in asked.values() for each in (value if isinstance(value, list) else [value])]
    listed = asked if isinstance(asked, list) else [asked]
    return [each for each in listed if isinstance(each, str)]


def _without(removed: frozenset[str]) -> Callable[[dict[str, Json]], Json]:
    return lambda value: (
        {name: each for name, each in value.items() if name not in removed} if isinstance(value, dict) else value
    )
