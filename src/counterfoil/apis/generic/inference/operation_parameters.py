"""Finds what the parameters of an operation are for: filters, pages, sort orders, and the fields or members to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from counterfoil.apis.generic.documented_responses import DocumentedResponse, request_schema
from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.embedded_members import expansion_parameters
from counterfoil.apis.generic.inference.queries import chooses, for_own_resource, list_parameters, queries
from counterfoil.apis.generic.inference.search_bodies import body_queries
from counterfoil.apis.generic.model import Collection, Filter, Operation
from counterfoil.apis.generic.names import letters, singular
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any


class OperationParameters:
    """The parameters of a document's operations. ``answer`` returns an operation's success response; ``note`` records a decision:
    the operation, the decision, its reason and its confidence."""

    def __init__(
        self,
        operations: Mapping[str, Mapping[str, Json]],
        reader: SchemaReader,
        answer: Callable[[str], DocumentedResponse],
        note: Callable[[str, str, str, float], None],
    ) -> None:
        self._operations, self._reader, self._answer, self._note = operations, reader, answer, note

    def with_expansion(self, operation: Operation, collections: dict[str, Collection]) -> Operation:
        """The operation with the parameters that replace ids in its response by members."""
        held = collections[operation.collection].embeds if operation.collection in collections else ()
        if not held:
            return operation
        definition = self._operations[operation.name]
        body = None if operation.name.startswith(("GET ", "HEAD ")) else request_schema(definition)
        listing, flags = expansion_parameters(self._reader, definition.get("parameters") or (), body, held)
        if listing:
            self._note(operation.name, "expand", f"'{listing}' is a usual name for it", 0.9)
        for name, place in flags:
            self._note(operation.name, f"expand {place}", f"'{name}' names it", 0.85)
        return replace(operation, expand=listing, flags=tuple(flags))

    def with_choice(self, operation: Operation) -> Operation:
        """The operation with the parameters that choose the fields of its response."""
        names: dict[str, str] = {}
        declared = self._operations[operation.name].get("parameters") or ()
        for each in for_own_resource(self._reader, declared, operation.collection):
            kind = chooses(self._reader, each)
            if kind and kind not in names:
                names[kind] = each["name"]
                self._note(operation.name, kind, f"'{each['name']}' is a usual name for it", 0.9)
        return replace(operation, fields=names.get("fields", ""), omit=names.get("omit", ""))

    def with_queries(self, operation: Operation, draft: CollectionDraft) -> Operation:
        """The operation that lists members, with its filters, pages, sort order and the like."""
        expands = {operation.expand, *(name for name, _ in operation.flags)}
        declared = self._operations[operation.name].get("parameters") or ()
        parameters = [each for each in declared if each.get("name") not in expands]
        parameters = list_parameters(self._reader, parameters, draft.entity, operation.collection)
        envelope = self._answer(operation.name).schema
        if operation.name.startswith(("GET ", "HEAD ")):
            found = queries(self._reader, parameters, draft.entity, envelope, operation.at)
        else:
            body = request_schema(self._operations[operation.name])
            found = body_queries(self._reader, list(parameters), body, draft.entity, envelope, operation.at)
            operation = replace(operation, asks="body")
        several = {"ids", f"{singular(draft.noun)}ids", f"{letters(draft.parameter)}s"}
        ids = [each for each in found.unknown if letters(each) in several] if len(draft.id) == 1 else []
        for name in ids:
            found.unknown.remove(name)
            found.filters.append((name, Filter(draft.id, "in")))
            found.reasons.append((f"filter {name}", f"it lists the ids of members, which are '{draft.id[0]}'", 0.8))
        for what, reason, sure in found.reasons:
            self._note(operation.name, what, reason, sure)
        for name in found.unknown:
            self._note(operation.name, f"parameter {name}: ignored", "no rule fits its name", 0.5)
        scope = {letters(each) for each in draft.path.parameters}
        filters = tuple((name, each) for name, each in found.filters if letters(name) not in scope)
        does: dict[str, Any] = {"pages": found.pages, "filters": filters, **found.names}
        return replace(operation, **does)
