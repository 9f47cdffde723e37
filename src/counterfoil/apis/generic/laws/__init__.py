"""Makes a law book for any OpenAPI document from its inferred model.

The laws are the families that the vendors' books use (paging, filters, sort orders, identity), applied to inferred
collections, and laws about the lifecycle of a resource: what was written is read, an update changes only what was sent,
what was deleted is gone. Each law names the inference that it is based on, and its confidence: if a law of low confidence is
broken, the checker shows a question instead of a failure (``contract.runner.SURE``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import success_response
from counterfoil.apis.generic.laws import access, lifecycle, members
from counterfoil.apis.generic.laws.lists import WalkedList
from counterfoil.apis.generic.laws.resources import (
    Resource,
    at_parents,
    lists_ids,
    member_path,
    parents_of,
    resources,
)
from counterfoil.apis.generic.model import Model, Operation
from counterfoil.apis.generic.places import at
from counterfoil.contract.collection import ItemList, Offsets
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import ClientId, CreatedMember, Law, LawBook
from counterfoil.contract.laws import filtering, items, paging, sorting
from counterfoil.openapi import Spec

Json = Any
UNSURE = 0.5
"""The confidence of a law that the document gives a reason to doubt: if it is broken, the checker shows a question."""


def law_book(spec: Spec, model: Model) -> LawBook:
    """The laws that a document implies."""
    document = Document(spec, model)
    known = resources(document)

    def is_json(operation: Operation) -> bool:
        return document.answer(operation.name).is_json

    laws = [law for resource in known.values() for law in _laws(spec, model, resource, known)]
    first = _health_check(spec, model, is_json)
    parents = (parent for each in known.values() for parent in each.collection.parents)
    missing = sorted({each.parameter for each in parents if not lists_ids(known.get(each.collection or ""))})
    return LawBook(
        spec.name,
        tuple(laws),
        health_check=first.name if first is not None else "GET /",
        health_check_statuses=tuple(sorted({first.status, 200})) if first is not None and is_json(first) else None,
        known_parameters=tuple(missing),
        given_values={
            each.name: (
                *filter(None, (each.pages.at, each.pages.before, each.conditions)),
                *(at.partition("[")[0] for at in (each.pages.at, each.pages.before) if "[" in at),
            )
            for each in model.operations.values()
            if each.pages.kind == "cursor" or each.conditions
        },
        client_ids=dict(_client_ids(model)),
        created_members=dict(_created_members(known)),
        clean_up="delete the resources listed as left behind, with the API's own operations",
        document=spec.raw,
    )


def _client_ids(model: Model) -> Iterator[tuple[str, ClientId]]:
    """The create operations with ids chosen by the client, with the place of the id in request and response."""
    for each in model.operations.values():
        collection = model.collections.get(each.collection)
        if each.role != "create" or collection is None or not collection.id:
            continue
        if str(collection.id[0]) not in collection.server_owned:
            yield each.name, ClientId(each.collection, (*each.body, *collection.id), (*each.at, *collection.id))


def _created_members(known: Mapping[str, Resource]) -> Iterator[tuple[str, CreatedMember]]:
    """The create operations, with the path of what each creates, and the place of its id in the response."""
    for resource in known.values():
        create, read, path = resource.operation("create"), resource.operation("read"), member_path(resource)
        if create is None or path is None or len(resource.collection.id) != 1:
            continue
        id, has_get = resource.collection.id, read is not None and read.name == f"GET {path}"
        shown = (*read.at, *id) if read is not None and has_get else None
        yield create.name, CreatedMember(path, (*create.at, *id), shown)


def _health_check(spec: Spec, model: Model, is_json: Callable[[Operation], bool]) -> Operation | None:
    """A GET without path parameters, JSON responses first, then by role: a list, a single resource, any other; None if there
    is none."""
    reads = [each for name, each in model.operations.items() if name.startswith("GET ") and "{" not in name]
    required = {
        each.name: any(
            p.get("required") and p.get("in") in ("query", "header")
            for p in spec.operations[each.name].get("parameters") or ()
        )
        for each in reads
    }
    order = {"list": 0, "read_one": 1}
    usable = [each for each in reads if not required[each.name]]
    return min(usable, key=lambda each: (not is_json(each), order.get(each.role, 2)), default=None)


def _laws(spec: Spec, model: Model, resource: Resource, known: Mapping[str, Resource]) -> Iterator[Law]:
    prefix = f"{spec.name}.{resource.name}"
    read = resource.operation("read")
    for law in chain(*(make(prefix, resource, known) for make in (_list_laws, _member_laws, _write_laws))):
        sure = _confidence(model, law.operation, resource)
        if law.family == "lifecycle" and read is not None:
            sure = min(sure, _confidence(model, read.name, resource))
        yield replace(law, confidence=min(sure, law.confidence), says=law.says + _inferred_from(model, law))


def _inferred_from(model: Model, law: Law) -> str:
    """The reason of the inference that the law is based on, to be added to its sentence."""
    parameter = law.id.partition(".filter.")[2]
    wanted = f"filter {parameter}" if parameter else "role:"
    reasons = (
        each.reason for each in model.decisions if each.subject == law.operation and each.value.startswith(wanted)
    )
    reason = next(reasons, "")
    return f" (Inferred: {reason}.)" if reason else ""


def _confidence(model: Model, operation: str, resource: Resource) -> float:
    """The lowest confidence of the decisions that a law about the operation is based on."""
    essential = ("role:", "identity", "list at", "member at", "fields at")
    found = [
        each.confidence
        for each in model.decisions
        if each.subject in (operation, resource.collection.path) and each.value.startswith(essential)
    ]
    return min(found, default=1.0)


def _list_laws(prefix: str, resource: Resource, known: Mapping[str, Resource]) -> Iterator[Law]:
    listing = resource.items
    operation = resource.operation("list")
    if operation is not None and _needs_credential(resource, operation):
        yield access.without_credential(f"{prefix}.auth", resource, operation, known)
    if listing is None or operation is None:
        return

    def below(make: Callable[[ItemList], Law]) -> Law:
        return _at_parents(resource, known, make)

    if resource.collection.id:
        law = below(lambda c: items.unique(f"{prefix}.unique", c))
        yield replace(law, confidence=UNSURE) if _may_lack_its_id(resource, operation) else law
        if listing.pages is not None:
            yield below(lambda c: paging.concatenation(f"{prefix}.pages.concat", c))
            yield below(lambda c: paging.size_respected(f"{prefix}.pages.size", c))
            yield below(lambda c: paging.past_the_end(f"{prefix}.pages.end", c))
            yield below(lambda c: paging.slices(f"{prefix}.pages.slices", c))
            if isinstance(listing.pages, Offsets):
                yield below(lambda c: paging.any_offset(f"{prefix}.pages.offset", c))
        elif isinstance(listing, WalkedList) and listing.walk.kind == "cursor" and listing.walk.size:
            yield _walk(f"{prefix}.pages.walk", resource, known)
        for each in listing.filters:
            name = f"{prefix}.filter.{each.param}"
            yield below(lambda c, each=each, name=name: filtering.selects(name, c, each))  # type: ignore[misc]
        if listing.sorts:
            yield below(lambda c: sorting.by_one(f"{prefix}.sort.ascending", c))
            if listing.sort.descending:
                yield below(lambda c: sorting.by_one(f"{prefix}.sort.descending", c, descending=True))
    if operation.pages.total:
        yield _counts(f"{prefix}.count", resource, operation, known)
    for param, values in _enums(resource, operation):
        yield access.every_value_is_accepted(f"{prefix}.enum.{param}", resource, param, values, known)


def _may_lack_its_id(resource: Resource, listing: Operation) -> bool:
    """Whether an alternative (``oneOf``, ``anyOf``) of the list's items has no id property."""
    schema = resource.schema(listing)
    described = resource.document.schemas.resolved(schema) if isinstance(schema, dict) else {}
    alternatives = [each for key in ("oneOf", "anyOf") for each in described.get(key) or ()]
    return any(resource.collection.id[0] not in resource.reader.properties(each) for each in alternatives)


def _at_parents(resource: Resource, known: Mapping[str, Resource], make: Callable[[ItemList], Law]) -> Law:
    """The law about a list below parents: the check uses parents that exist at the target."""
    assert resource.items is not None
    law = make(resource.items)
    if not resource.collection.parents:
        return law

    def check(ctx: LawContext) -> None:
        found = at_parents(resource, parents_of(ctx, resource, known))
        assert found is not None
        make(found).check(ctx)

    return replace(law, check=check)


def _walk(id: str, resource: Resource, known: Mapping[str, Resource]) -> Law:
    """Following the cursor from page to page reads every member once, with any page size."""

    def check(ctx: LawContext) -> None:
        found = at_parents(resource, parents_of(ctx, resource, known))
        assert isinstance(found, WalkedList)
        whole = found.ids(found.require_items(ctx, 2))
        most = found.walk.most or len(whole)
        sizes = (max(min(each, most), found.smallest) for each in (1, 2, max(1, len(whole) // 2)))
        for size in dict.fromkeys(sizes):
            ctx.cases += 1
            in_pages = replace(found, walk=replace(found.walk, most=size))
            first = in_pages.first_page(ctx, {})
            ctx.expect(len(first) <= size, f"at most {size} items on a page, as {found.walk.size} asks", len(first))
            got = found.ids(in_pages.fetch_all(ctx))
            ctx.expect(got == whole[: len(got)] and len(got) >= min(len(whole), 200 * size), f"{whole[:8]}", got)

    operation = resource.operation("list")
    assert operation is not None
    text = "Following the cursor reads the whole list, each member once, in pages of any size."
    return Law(id, operation.name, "paging", (), text, check)


def _counts(id: str, resource: Resource, operation: Operation, known: Mapping[str, Resource]) -> Law:
    where = ".".join(map(str, operation.pages.total))

    def check(ctx: LawContext) -> None:
        found = at_parents(resource, parents_of(ctx, resource, known))
        assert found is not None
        whole = found.require_items(ctx)
        answer = ctx.request_json(
            operation.name, status=found.statuses, path=found.path, query=found.base, headers=found.headers
        )
        total = at(answer, operation.pages.total)
        ctx.require(total is not None, f"{where} is null")
        if not found.is_large(ctx):
            ctx.expect(str(total) == str(len(whole)), f"{len(whole)}, the members that paging finds", total)

    return Law(id, operation.name, "counting", (), f"{where} is the number of members that paging finds.", check)


def _enums(resource: Resource, operation: Operation) -> Iterator[tuple[str, tuple[Json, ...]]]:
    filters = dict(operation.filters)
    for each in resource.definition(operation).get("parameters") or ():
        schema = resource.reader.merged(each.get("schema") or {})
        values = schema.get("enum")
        if each.get("in") == "query" and each.get("name") in filters and isinstance(values, list) and values:
            yield each["name"], tuple(value for value in values if value is not None)


def _needs_credential(resource: Resource, operation: Operation) -> bool:
    security = resource.definition(operation).get("security")
    return isinstance(security, list) and bool(security) and {} not in security


def _member_laws(prefix: str, resource: Resource, known: Mapping[str, Resource]) -> Iterator[Law]:
    read, listing = resource.operation("read"), resource.operation("list")
    if read is not None and resource.collection.id and _answers_a_member(resource, read):
        yield members.reading_changes_nothing(f"{prefix}.stable", resource, read, known)
        if resource.collection.found == "known":
            yield members.unknown_is_not_found(f"{prefix}.unknown", resource, read, known)
        if listing is not None:
            yield members.list_agrees_with_read(f"{prefix}.agree", resource, read, known)
    if listing is None:
        return
    parents = [parent.collection for parent in resource.collection.parents]
    for field, path in resource.collection.references:
        target = known.get(path)
        if parents and path == parents[-1]:
            yield members.belongs_to_parent(f"{prefix}.parent", resource, field, known)
        elif (
            target is not None
            and target.operation("read") is not None
            and not target.collection.parents
            and not _is_address(resource, field)
        ):
            yield members.reference_resolves(f"{prefix}.reference.{field}", resource, field, target, known)


def _is_address(resource: Resource, field: str) -> bool:
    """Whether a field has an e-mail or web address: then it is not an id, even if it is named like a collection."""
    listing = resource.operation("list")
    schema = resource.schema(listing) if listing is not None else None
    member = resource.reader.member(schema, (field,)) if schema is not None else None
    return member is not None and resource.reader.merged(member).get("format") in ("email", "uri", "url")


def _answers_a_member(resource: Resource, read: Operation) -> bool:
    answer = success_response(resource.definition(read), "GET")
    return answer.is_json and resource.schema(read) is not None


def _write_laws(prefix: str, resource: Resource, known: Mapping[str, Resource]) -> Iterator[Law]:
    create, read = resource.operation("create"), resource.operation("read")
    if create is None or not resource.collection.id:
        return
    if resource.items is not None:
        yield lifecycle.created_is_listed(f"{prefix}.listed", resource, create, known)
    if read is None or not _answers_a_member(resource, read):
        return
    yield lifecycle.created_is_readable(f"{prefix}.written", resource, create, read, known)
    update, delete, action = (resource.operation(role) for role in ("update", "delete", "action"))
    if update is not None:
        yield lifecycle.update_changes_only_what_was_sent(f"{prefix}.only", resource, create, read, update, known)
    if delete is not None:
        yield lifecycle.deleted_is_not_found(f"{prefix}.gone", resource, create, read, delete, known)
    if action is not None and action.sets:
        yield lifecycle.action_sets_fields(f"{prefix}.action", resource, create, read, action, known)
