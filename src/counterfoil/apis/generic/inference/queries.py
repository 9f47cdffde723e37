"""Infers what each query parameter of a list does: paging, sorting, choosing fields, searching, or filtering by a field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from counterfoil.apis.generic.conditions import is_condition
from counterfoil.apis.generic.inference.time_spans import time_span
from counterfoil.apis.generic.model import NESTED, Filter, Operator, Pages, Place
from counterfoil.apis.generic.names import letters, singular, word_set
from counterfoil.apis.generic.object_parameters import noun, of_kind, split_objects
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

SIZE = word_set(
    """
    limit pagesize perpage size count max maxresults pagelimit first top take maxitems resultsperpage
    pagecount rows itemsperpage numresults
    """
)
PAGE = frozenset(["page", "pagenumber", "pageno", "pageindex", "p", "pagenum", "currentpage"])
OFFSET = frozenset(["offset", "skip", "start", "startindex", "pageoffset", "startposition"])
CURSOR = word_set(
    """
    cursor pagetoken startingafter after continue nexttoken startcursor pagecursor bookmark marker
    nextpagetoken nextcursor continuationtoken pageafter startafter cursorafter
    """
)
BEFORE = frozenset(["endingbefore", "before", "pagebefore", "previouscursor", "cursorbefore"])
SORT = frozenset(["sort", "sorts", "sortby", "orderby", "order", "ordering", "sorting", "sortfield", "orderfield"])
DIRECTION = frozenset(["order", "sortorder", "sortdirection", "sortdir", "direction", "orderdirection", "dir"])
DIRECTIONS = frozenset(["asc", "desc", "ascending", "descending"])
FIELDS = word_set(
    """
    fields select optfields attributes fieldmask readmask onlyfields returnfields responsefields includefields projection
    partialfields fieldset fieldsets columns properties props fieldnames selectfields showfields
    """
)
OMIT = word_set(
    "exclude omit excludefields omitfields fieldsexclude excludedfields hidefields excludeattributes except"
)
SEARCH = frozenset(["q", "query", "search", "searchterm", "keyword", "keywords", "searchtext"])
NEXT = word_set(
    """
    next nextcursor nextpagetoken nextpage nexttoken continue nextpageuri nextpageurl nextlink nexturl
    cursor pagetoken continuationtoken after endcursor nextoffset bookmark marker odatanextlink
    """
)
MORE = frozenset(["hasmore", "hasnext", "hasnextpage", "more", "ismore", "hasmoreitems", "moreitems"])
TOTAL = frozenset(
    [
        "total",
        "totalcount",
        "totalitems",
        "totalresults",
        "totalrecords",
        "totalnbrecords",
        "totalelements",
        "totalsize",
        "odatacount",
    ]
)
_SUFFIXES: tuple[tuple[str, Operator], ...] = (
    ("gte", "from"), ("gt", "above"), ("lte", "to"), ("lt", "below"), ("after", "above"), ("before", "below"),
    ("from", "from"), ("since", "from"), ("until", "to"), ("to", "to"), ("min", "from"), ("max", "to"), ("start", "from"),
    ("end", "to"), ("eq", "equal"), ("in", "in"), ("contains", "contains"), ("like", "contains"), ("ne", "not"), ("not", "not"),
)  # fmt: skip
_PREFIXES: tuple[tuple[str, Operator], ...] = (
    ("min", "from"), ("max", "to"), ("from", "from"), ("to", "to"), ("start", "from"), ("end", "to"), ("filter", "equal"),
    ("after", "above"), ("before", "below"), ("since", "from"), ("until", "to"), ("notby", "not"),
)  # fmt: skip
_WORDS = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")


ONE_EACH = ("sort", "direction", "fields", "omit", "search", "conditions")
"""Attributes of ``Operation`` for which a list has at most one parameter."""


@dataclass
class Queries:
    """What the parameters of one list do, with the reasons.

    ``names`` maps attributes of ``ONE_EACH`` to parameters; ``unknown`` are the parameters without a known meaning.
    """

    pages: Pages = field(default_factory=Pages)
    filters: list[tuple[str, Filter]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    reasons: list[tuple[str, str, float]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def queries(
    reader: SchemaReader, parameters: Iterable[Mapping[str, Json]], entity: Json, envelope: Json, at: Place
) -> Queries:
    """What the query parameters of a list operation do. ``envelope`` is the response schema, ``at`` the list's place in it."""
    found = Queries()
    names: dict[str, str] = {}
    declared: dict[str, Mapping[str, Json]] = {}
    members = _fields(reader, entity)
    parameters = [each for each in parameters if each.get("in") == "query" and isinstance(each.get("name"), str)]
    has_sort = any(letters(each["name"]) in SORT - DIRECTION for each in parameters)
    for parameter in parameters:
        name = parameter["name"]
        kind = _kind(letters(name), reader.types(parameter.get("schema", {})), members)
        if letters(name) in DIRECTION and _is_direction(reader, parameter.get("schema", {}), has_sort, kind):
            kind = "direction"
        kind = chooses(reader, parameter) or kind if letters(name) not in members else kind
        if (name == "$filter" or is_condition(reader, parameter.get("schema", {}))) and "conditions" not in names:
            names["conditions"] = name
            form = "OData's filter" if name == "$filter" else "conditions of field, operator and value"
            found.reasons.append(("conditions", f"'{name}' has {form}", 0.9))
        elif kind == "cursor" and reader.merged(parameter.get("schema", {})).get("format") in ("date", "date-time"):
            found.unknown.append(name)  # a place in the order of times, not an id or an opaque text
        elif kind and kind not in names:
            names[kind], declared[kind] = name, parameter
            found.reasons.append((kind, f"'{name}' is a usual name for it", 0.9))
        elif (selects := selection(reader, name, parameter.get("schema", {}), members, entity)) is not None:
            found.filters.append((name, selects))
            how = f"{selects.operator} of '{'.'.join(map(str, selects.field))}'"
            found.reasons.append(
                (f"filter {name}", f"its name means {how}", 0.9 if selects.operator == "equal" else 0.8)
            )
        elif (span := time_span(reader, parameter, entity)) is not None:
            found.filters.append((name, span))
            how = f"{span.operator} of '{span.field[0]}', the member's time"
            found.reasons.append((f"filter {name}", f"it is the start or end of a time span; {how}", 0.6))
        else:
            found.unknown.append(name)
    found.names = {what: names[what] for what in ONE_EACH if what in names}
    found.pages = _pages(reader, names, declared, envelope, at)
    if found.pages.kind != "none":
        found.reasons.append(("paging", f"by {found.pages.kind}", 0.9))
    return found


def _kind(key: str, types: frozenset[str], members: Mapping[str, Place]) -> str:
    if (key in SIZE and key not in members) or (key in SIZE and key in ("limit", "size", "count", "max")):
        return "size" if "object" not in types else ""
    if key in PAGE and "object" in types:  # its properties are several paging parameters
        return ""
    if key in PAGE:
        return "page" if not types or types & {"integer", "number"} else "cursor"
    if key in OFFSET and types & {"integer", "number"}:
        return "offset"
    if key in CURSOR or (key in OFFSET and "string" in types and key != "start"):
        return "cursor" if key not in members else ""
    if key in BEFORE and key not in members:
        return "before"
    if key in SORT:
        return "sort" if key not in members or key != "order" else ""
    return "search" if key in SEARCH and key not in members else ""


def _is_direction(reader: SchemaReader, schema: Json, sorts: bool, kind: str) -> bool:
    """Whether a parameter is only the direction of another one's order: ``order=desc`` with ``sort=name``."""
    listed = reader.merged(schema).get("enum")
    if isinstance(listed, list):
        return bool(listed) and all(each is None or letters(str(each)) in DIRECTIONS for each in listed)
    return sorts and kind in ("sort", "")


def chooses(reader: SchemaReader, parameter: Mapping[str, Json]) -> str:
    """``fields`` or ``omit`` for a query parameter that names fields to show or to omit (also ``fields[orders]``); otherwise
    empty."""
    name = str(parameter.get("name", ""))
    types = reader.types(parameter.get("schema", {}))
    if parameter.get("in") != "query" or (types and not types & {"string", "array"} and letters(name) != "fields"):
        return ""
    key = letters(name.partition("[")[0]) if name.endswith("]") else letters(name)
    return "fields" if key in FIELDS else "omit" if key in OMIT else ""


def list_parameters(
    reader: SchemaReader, parameters: Iterable[Mapping[str, Json]], entity: Json, path: str
) -> list[Mapping[str, Json]]:
    """The parameters of a list at ``path``, with object parameters replaced by their properties. Objects with one meaning stay
    whole: fields to show, conditions, or comparisons of one field."""
    own = for_own_resource(reader, parameters, path)
    fields = {letters(each) for each in reader.properties(entity)}
    whole = {
        str(each.get("name"))
        for each in own
        if letters(str(each.get("name"))) in fields
        or chooses(reader, each)
        or is_condition(reader, each.get("schema", {}))
    }
    return split_objects(reader, own, entity, whole)


def for_own_resource(
    reader: SchemaReader, parameters: Iterable[Mapping[str, Json]], path: str
) -> list[Mapping[str, Json]]:
    """The parameters without those that choose fields of other resources: ``fields[people]`` of a list of articles."""
    parameters = list(parameters)
    kinds = {
        name: name.partition("[")[2].removesuffix("]")
        for each in parameters
        if (name := str(each.get("name"))).endswith("]") and chooses(reader, each)
    }
    fitting = of_kind(list(kinds.values()), [noun(path)])
    return [each for each in parameters if not fitting or kinds.get(str(each.get("name")), fitting[0]) in fitting]


def _fields(reader: SchemaReader, entity: Json) -> dict[str, Place]:
    """The places of the entity's fields by normalised name; outer fields win over those of nested objects.

    The name of a nested field includes the object's name (``addresscity``), which is optional inside ``NESTED`` objects.
    """
    found: dict[str, Place] = {}
    nested: list[tuple[str, Place]] = []
    for name, member in reader.properties(entity).items():
        found.setdefault(letters(name), (name,))
        if reader.is_object(member):
            for inner in reader.properties(member):
                nested.append((letters(name + inner), (name, inner)))
                if name in NESTED:
                    nested.append((letters(inner), (name, inner)))
    for name, relation in reader.properties(reader.properties(entity).get("relationships", {})).items():
        if reader.is_object(data := reader.properties(relation).get("data", {})) and "id" in reader.properties(data):
            nested.append((letters(name), ("relationships", name, "data", "id")))  # JSON:API
    for key, place in nested:
        found.setdefault(key, place)
    return found


def _is_list(reader: SchemaReader, entity: Json, place: Place) -> bool:
    """Whether a field is an array of scalars."""
    field = reader.member(entity, place)
    return field is not None and reader.is_array(field) and not reader.is_object(reader.items(field))


def selection(
    reader: SchemaReader, name: str, schema: Json, members: Mapping[str, Place], entity: Json
) -> Filter | None:
    """The filter that a parameter's name means: a field, or a field with an operator; None if it means none."""
    key = letters(name)
    many: Operator = "in" if reader.is_array(schema) else "equal"
    if key in members:
        return Filter(members[key], many)
    if singular(key) != key and (field_ := members.get(singular(key))) is not None:
        return Filter(field_, "in")
    plural = next((place for other, place in members.items() if other != key and singular(other) == key), None)
    if plural is not None and _is_list(reader, entity, plural):  # ``tag`` selects by the field ``tags``
        return Filter(plural, many)
    if key.endswith("ids") and (field_ := members.get(key[:-1])) is not None:
        return Filter(field_, "in")
    split = [each.lower() for each in _WORDS.split(name) if each]
    if len(split) > 1:
        for word, operator in _SUFFIXES:
            if split[-1] == word and (field_ := _named("".join(split[:-1]), members)) is not None:
                return Filter(field_, many if operator == "equal" else operator)
        for word, operator in _PREFIXES:
            if split[0] == word and (field_ := _named("".join(split[1:]), members)) is not None:
                return Filter(field_, many if operator == "equal" else operator)
    return None


def _named(key: str, members: Mapping[str, Place]) -> Place | None:
    key = letters(key)
    for each in (
        key,
        f"{key}at",
        f"{key}on",
        f"{key}date",
        f"{key}time",
        key.removesuffix("date"),
        key.removesuffix("time") + "at",
    ):
        if each and each in members:
            return members[each]
    return None


def _pages(
    reader: SchemaReader, names: Mapping[str, str], parts: Mapping[str, Mapping[str, Json]], envelope: Json, at: Place
) -> Pages:
    kind = next((each for each in ("cursor", "offset", "page") if each in names), "none")
    if kind == "cursor" and "page" in names and "string" not in reader.types(parts["cursor"].get("schema", {})):
        kind = "page"
    size = reader.merged(parts["size"].get("schema", {})) if "size" in parts else {}
    at_schema = reader.merged(parts[kind].get("schema", {})) if kind in parts else {}
    starts = at_schema.get("minimum", at_schema.get("default", 1 if kind == "page" else 0))
    scalars = _scalars(reader, envelope, at)
    return Pages(
        kind=kind,  # type: ignore[arg-type]
        at=names.get(kind, ""),
        size=names.get("size", ""),
        first=int(starts != 0 and letters(names.get(kind, "")) != "pageindex" and (kind == "page" or starts == 1)),
        default=_whole(size.get("default")),
        most=_whole(size.get("maximum")),
        before=names.get("before", ""),
        next=_first(scalars, NEXT),
        more=_first(scalars, MORE),
        total=_first(scalars, TOTAL),
    )


def _scalars(reader: SchemaReader, envelope: Json, at: Place) -> list[Place]:
    """The places of scalars next to a list, and in objects next to it."""
    if not at or envelope is None:
        return []
    found: list[Place] = []
    nested: list[Place] = []
    for name, member in reader.properties(envelope).items():
        if name == at[0]:
            continue
        if reader.is_object(member):
            for inner, each in reader.properties(member).items():
                if reader.is_object(each):
                    nested.extend((name, inner, last) for last in reader.properties(each) if last in ("href", "url"))
                else:
                    nested.append((name, inner))
        else:
            found.append((name,))
    return found + nested


def _first(places: list[Place], keys: frozenset[str]) -> Place:
    for place in places:
        last = str(place[-1]) if str(place[-1]) not in ("href", "url") or len(place) < 2 else str(place[-2])
        if letters(last) in keys:
            return place
    return ()


def _whole(value: Json) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
