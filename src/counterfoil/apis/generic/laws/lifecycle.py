"""Laws about writes: a created member is readable and listed, an update changes only what was sent, a deleted member is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from counterfoil.apis.generic.documented_responses import success_response
from counterfoil.apis.generic.laws.bodies import CannotMake, fields_for, media_of, plain
from counterfoil.apis.generic.laws.members import NOT_FOUND, unknown_id
from counterfoil.apis.generic.laws.plain_values import same, scalars
from counterfoil.apis.generic.laws.requests import call, require_accepted
from counterfoil.apis.generic.laws.resources import (
    Resource,
    at_parents,
    fits,
    id_of,
    member_in,
    member_path,
    parents_of,
)
from counterfoil.apis.generic.model import Operation
from counterfoil.apis.generic.places import at
from counterfoil.contract.collection import MAX_ITEMS
from counterfoil.contract.context import LawContext
from counterfoil.contract.created import filled_path
from counterfoil.contract.law import Law, NotTried, quoted
from counterfoil.json_schema.alternatives import property_of
from counterfoil.openapi.path_templates import PARAMETER
from counterfoil.plain_text import counted

Json = Any
Known = Mapping[str, Resource]


@dataclass(frozen=True)
class _Created:
    """A member that a law created: its parents' ids, its own id, the fields that were sent, and the member in the response."""

    parents: tuple[Json, ...]
    id: Json
    fields: Mapping[str, Json]
    member: Json


def created_is_readable(id: str, resource: Resource, create: Operation, read: Operation, known: Known) -> Law:
    """A read of a created member shows the values that were sent."""

    def check(ctx: LawContext) -> None:
        made = _create(ctx, resource, create, known)
        member = _read(ctx, resource, read, made)
        shown, can_be_shown = scalars(member), _can_be_shown(resource, read, member)
        set_by_the_server = {*resource.collection.server_owned, *map(str, resource.collection.id[:1])}
        sent = {name: value for name, value in scalars(dict(made.fields)).items() if name not in set_by_the_server}
        lost = {
            name: (value, shown[name])
            for name, value in sent.items()
            if name in shown and not same(shown[name], value) and can_be_shown(name, value)
        }
        ctx.expect(not lost, f"the values that were sent: {dict(made.fields)}", lost)

    text = "A created member is found by its id, with the values that were sent."
    return Law(id, create.name, "lifecycle", (), text, check, writes=True)


def _can_be_shown(resource: Resource, read: Operation, member: Mapping[str, Json]) -> Callable[[str, Json], bool]:
    """A function that tells whether a response may show a value: a document may accept ``US`` but show ``UNITED STATES``."""
    schema = resource.schema(read)
    checks = None if schema is None else resource.document.schemas.validator(schema, "response")
    if checks is None or not checks.is_valid(member):
        return lambda name, value: True
    return lambda name, value: checks.is_valid({**member, name: value})


def created_is_listed(id: str, resource: Resource, create: Operation, known: Known) -> Law:
    """A created member is in the list, once."""

    def check(ctx: LawContext) -> None:
        made = _create(ctx, resource, create, known)
        if resource.items is not None and resource.items.base:
            raise NotTried(f"the list requires {', '.join(resource.items.base)}, which the new member may not match")
        ids = _listed_ids(ctx, resource, made.parents, _selecting(resource, made.member))
        most = _most_listed(resource)
        if most is not None and len(ids) >= most and str(made.id) not in ids:
            raise NotTried(f"the list shows no more than {counted(most, 'member')}")
        ctx.expect(ids.count(str(made.id)) == 1, f"{made.id} once in the list", f"{ids.count(str(made.id))} times")

    return Law(id, create.name, "lifecycle", (), "A created member is in the list, once.", check, writes=True)


def _most_listed(resource: Resource) -> int | None:
    """The maximum length of a list without paging; None if there is paging or no maximum."""
    listing = resource.operation("list")
    if listing is None or listing.pages.kind != "none":
        return None
    answer = success_response(resource.definition(listing), "GET")
    shown = resource.reader.member(answer.schema, listing.at) if answer.schema is not None else None
    most = resource.reader.merged(shown).get("maxItems") if shown is not None else None
    return int(most) if isinstance(most, int) else None


def update_changes_only_what_was_sent(
    id: str, resource: Resource, create: Operation, read: Operation, update: Operation, known: Known
) -> Law:
    """An update changes the field that was sent and no other."""

    def check(ctx: LawContext) -> None:
        made = _create(ctx, resource, create, known)
        before = _read(ctx, resource, read, made)
        name, value = _change(resource, update, before)
        require_accepted(ctx, call(ctx, resource, update, made.parents, made.id, fields={name: value}), update)
        after = _read(ctx, resource, read, made)
        ctx.expect(after.get(name) == value, f"{name} {quoted(value)}", after.get(name))
        may_change = {*resource.collection.server_owned, *resource.collection.updated, name}
        old, new = scalars(before), scalars(after)
        other = {
            key: (old[key], new.get(key)) for key in old if key not in may_change and not same(new.get(key), old[key])
        }
        ctx.expect(not other, f"only {name} changed", other)

    text = "An update changes the field that was sent, and no other."
    return Law(id, update.name, "lifecycle", (), text, check, writes=True)


def deleted_is_not_found(
    id: str, resource: Resource, create: Operation, read: Operation, delete: Operation, known: Known
) -> Law:
    """A deleted member is not found afterwards, and not listed."""

    def check(ctx: LawContext) -> None:
        made = _create(ctx, resource, create, known)
        require_accepted(ctx, call(ctx, resource, delete, made.parents, made.id), delete)
        response = call(ctx, resource, read, made.parents, made.id)
        ctx.expect(
            response.status in NOT_FOUND, f"404 for the deleted {made.id}", f"{response.status}: {response.brief(120)}"
        )
        if resource.items is not None:
            ctx.expect(str(made.id) not in _listed_ids(ctx, resource, made.parents), "a list without it", made.id)
        if ctx.observations.left_behind:
            ctx.observations.left_behind.pop()

    text = "The response for a deleted member is 404 (or 410), and the list does not contain it."
    return Law(id, delete.name, "lifecycle", (), text, check, writes=True)


def action_sets_fields(
    id: str, resource: Resource, create: Operation, read: Operation, action: Operation, known: Known
) -> Law:
    """An action sets the fields that the model has for it."""

    def check(ctx: LawContext) -> None:
        made = _create(ctx, resource, create, known)
        try:
            fields = fields_for(action, resource.document, None, {})
        except CannotMake:
            fields = None
        require_accepted(ctx, call(ctx, resource, action, made.parents, made.id, fields=fields), action)
        after = _read(ctx, resource, read, made)
        wrong = {name: after.get(name) for name, value in action.sets if after.get(name) != value}
        ctx.expect(not wrong, f"{dict(action.sets)} after {action.name}", wrong)

    shown = " and ".join(f"{name} to {value}" for name, value in action.sets)
    return Law(id, action.name, "lifecycle", (), f"The action sets {shown}.", check, writes=True)


def _create(ctx: LawContext, resource: Resource, create: Operation, known: Known) -> _Created:
    """Create a member. Raises ``NotTried`` if the target refuses the request body made from the document."""
    parents = parents_of(ctx, resource, known)
    listed = at_parents(resource, parents)
    examples = listed.whole_list(ctx) if listed is not None else []
    fixed = {}
    key = str(resource.collection.id[0]) if len(resource.collection.id) == 1 else ""
    read = resource.operation("read")
    may_be: Callable[[Json], bool] = (lambda value: True) if read is None else fits(resource, read)
    if listed is not None and examples and key and key not in resource.collection.server_owned:
        fixed = {key: unknown_id(listed.ids(examples), may_be)}  # the client chooses the id
    takes_body = "requestBody" in resource.definition(create)
    try:
        fields = fields_for(create, resource.document, examples[0] if examples else None, fixed) if takes_body else {}
    except CannotMake as problem:
        raise NotTried(f"no body for {create.name} could be made: {problem}") from None
    if key in fields and read is not None and not may_be(fields[key]):
        del fields[key]  # the server chooses an id that is valid in the path
    before = len(ctx.observations.left_behind)
    response = call(ctx, resource, create, parents, fields=fields if takes_body else None)
    require_accepted(ctx, response, create)
    body = response.body if response.content else None
    shown = member_in(resource, body, create.at)
    key = id_of(resource, shown)
    if key is None and (location := response.headers.get("location")):
        key = unquote(urlsplit(location).path.rstrip("/").rsplit("/", 1)[-1])
    if key is None:
        raise NotTried(f"the response of {create.name} does not show the new member's id")
    _note_created(ctx, resource, parents, key, before)
    return _Created(parents, key, fields, shown)


def _note_created(ctx: LawContext, resource: Resource, parents: Sequence[Json], key: Json, before: int) -> None:
    """Note the path of a created member as left behind; later requests may change and delete it. ``before`` is the number of
    paths noted before the request."""
    template = member_path(resource)
    if template is not None:
        ids = dict(zip(PARAMETER.findall(template), [*parents, key], strict=False))
        ctx.observations.left_behind[before:] = [filled_path(template, ids)]


def _read(ctx: LawContext, resource: Resource, read: Operation, made: _Created) -> dict[str, Json]:
    body = ctx.json_body(call(ctx, resource, read, made.parents, made.id), sorted({200, 203, read.status}))
    found = member_in(resource, body, read.at)
    ctx.expect(isinstance(found, dict), f"the member {made.id}", body)
    ctx.expect(str(id_of(resource, found)) == str(made.id), f"the member with the id {made.id}", id_of(resource, found))
    return dict(found)


def _selecting(resource: Resource, member: Json) -> dict[str, str]:
    """The query with which a list shows a member, if the defaults of its filters would not select it.

    Raises ``NotTried`` if the document does not say which value selects the member.
    """
    listing = resource.operation("list")
    assert listing is not None
    wanted: dict[str, str] = {}
    for each in resource.definition(listing).get("parameters") or ():
        selects = dict(listing.filters).get(each.get("name")) if each.get("in") == "query" else None
        default = resource.reader.merged(each.get("schema") or {}).get("default")
        if selects is None or default is None:
            continue
        checks = resource.document.schemas.validator(each["schema"], "request")
        if not checks.is_valid(default):  # such as "all", which is not in the enum: no filter by default
            continue
        value = plain(at(member, selects.field))
        is_usual = selects.operator in ("equal", "in") and isinstance(value, (str, int, float))
        if not is_usual or not checks.is_valid(value):
            raise NotTried(f"the list filters by {each['name']} by default, and the new member may not match")
        if not same(value, default):
            wanted[each["name"]] = str(value).lower() if isinstance(value, bool) else str(value)
    return wanted


def _listed_ids(
    ctx: LawContext, resource: Resource, parents: Sequence[Json], query: Mapping[str, str] = {}
) -> list[str]:
    items = at_parents(resource, parents)
    assert items is not None
    found = items.fetch_all(ctx, query)
    if len(found) >= MAX_ITEMS or items.is_large(ctx):
        raise NotTried(f"{resource.name} has more than {MAX_ITEMS:,} members: too many to read the whole list")
    return list(map(str, items.ids(found)))


def _names_a_type(resource: Resource, schema: Json, name: str, depth: int = 3) -> bool:
    """Whether a property is the discriminator of an object's type (OpenAPI 3.0.3, Discriminator Object): it must not change."""
    schema = resource.document.schemas.resolved(schema)
    parts = [part for key in ("allOf", "anyOf", "oneOf") for part in schema.get(key) or ()] if depth else []
    return property_of(schema) == name or any(_names_a_type(resource, part, name, depth - 1) for part in parts)


def _change(resource: Resource, update: Operation, before: Mapping[str, Json]) -> tuple[str, str]:
    """A field for free text that the update accepts, and a new value for it. Raises ``NotTried`` if there is none."""
    media = media_of(resource.definition(update))
    schema = resource.reader.member(media[1].get("schema"), update.body) if media else None
    fixed = {*resource.collection.server_owned, resource.collection.state, *map(str, resource.collection.id[:1])}
    for name, member in resource.reader.properties(schema).items() if schema is not None else ():
        merged = resource.reader.merged(member)
        is_text = resource.reader.types(member) - {"null"} == {"string"}
        is_free = not {"enum", "const", "format", "pattern", "choices", "maxLength"} & set(merged)
        is_free = is_free and not _names_a_type(resource, schema, name)
        refers = any(name == field for field, _ in resource.collection.references)
        if is_text and is_free and not refers and name not in fixed and isinstance(before.get(name), str):
            return name, f"{before[name]} changed"
    raise NotTried(f"{update.name} accepts no free-text field that a member shows")
