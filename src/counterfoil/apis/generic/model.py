"""The model of a document: its collections, and what each operation does with them.

A model is inferred (``inference``), and can be corrected by a file or by ``x-counterfoil`` in the document
(``model_file``). Each decision has a reason and a confidence, which ``counterfoil infer --why`` prints.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

Json = Any
Place = tuple[str | int, ...]
"""The path of a value inside a body, as property names and indices; empty: the body itself."""

NESTED = ("attributes", "metadata", "spec")
"""Objects that hold an entity's fields: requests name these fields without the object's name."""

Role = Literal[
    "list",  # the members of a collection
    "count",  # how many members a collection has
    "read",  # one member
    "create",
    "replace",  # PUT: fields that are not sent are removed
    "update",  # PATCH, or POST to the member: fields that are not sent stay
    "delete",
    "clear",  # deletes the members with the listed ids, or all
    "action",  # sets fields of one member
    "read_one",  # of a single resource: one in the document, or one below each parent
    "write_one",
    "delete_one",
    "read_linkage",  # the ids that a relationship of a member holds (JSON:API)
    "replace_linkage",
    "add_linkage",
    "remove_linkage",
    "download",  # the file that was uploaded for a member or a single resource
    "made_up",  # a generated response that fits the document: always the same, independent of state
]


@dataclass(frozen=True, slots=True)
class Decision:
    """One inference about ``subject``, a path or an operation. ``confidence`` is from 0 to 1; 1 for a user's correction."""

    subject: str
    value: str
    reason: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Parent:
    """A path parameter before a collection. Its value is the id of a member of ``collection``; None if that is not known."""

    parameter: str
    collection: str | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """Resources of one type that operations list, read or change, or a single resource without an id.

    ``path`` is its path in the document; ``entity`` the JSON pointer of the schema of a member, or the operation that shows it;
    ``id`` the place of the id in a member, empty for a single resource; ``parameter`` the path parameter with the id. ``found``
    is ``any`` if every id exists, because no operation lists or creates members. ``server_owned`` are the fields that clients
    do not set; ``references`` are pairs of a field and the collection that the field has an id of. ``state`` is the field that
    actions set. ``parts`` are the fields of a composite id, if the path of a member has several parameters for it; ``id`` is
    the last. ``embeds`` are the fields that can show a member of another collection: the field's place, the place of the id
    (the same if the field has the id or the member), and the collection. ``keyed``: no property identifies a member; its id is
    its key in the list, which is an object (``{"flour": {…}, "salt": {…}}``). ``lists`` are pairs of a field that has the
    members of a collection below each member, and that collection.
    """

    def __hash__(self) -> int:
        """The hash of the path: hashing all fields took 3 µs of each request."""
        return hash(self.path)

    path: str
    entity: str
    id: Place = ()
    parameter: str = ""
    parents: tuple[Parent, ...] = ()
    found: Literal["known", "any"] = "known"
    rows: int | None = None
    server_owned: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    embeds: tuple[tuple[str, str, str], ...] = ()
    state: str = ""
    parts: tuple[str, ...] = ()
    keyed: bool = False
    lists: tuple[tuple[str, str], ...] = ()

    @property
    def is_single(self) -> bool:
        """Whether this is a single resource: one in the document, or one below each parent."""
        return not self.id and not self.keyed

    @property
    def reference_places(self) -> list[tuple[Place, str]]:
        """The places of ids of other members, with their collections: ``references``, and relationships of JSON:API."""
        related = ((read_place(place), target) for place, _, target in self.embeds)
        own = [((field,), target) for field, target in self.references]
        return [*own, *((place, target) for place, target in related if len(place) > 1)]


Operator = Literal["equal", "in", "above", "from", "below", "to", "contains", "not"]


@dataclass(frozen=True, slots=True)
class Filter:
    """A query parameter that selects members by one field."""

    field: Place
    operator: Operator = "equal"


@dataclass(frozen=True, slots=True)
class Pages:
    """How a list is paged.

    ``at`` is the query parameter for the page, offset or cursor, ``size`` for the page size, ``before`` for a cursor to previous
    pages. ``next``, ``more`` and ``total`` are places in the response. ``first`` is the first page or offset; ``default`` and
    ``most`` are page sizes (0: not documented). A cursor is the id of the last member of a page, or an opaque text made from it.
    """

    kind: Literal["page", "offset", "cursor", "none"] = "none"
    at: str = ""
    size: str = ""
    first: int = 1
    default: int = 0
    most: int = 0
    before: str = ""
    next: Place = ()
    more: Place = ()
    total: Place = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """What one operation does.

    Places in the response: ``at`` of the member, list or count, ``each`` of the member in a list item. Places in the request
    body: ``body`` of the fields (several members if it ends in 0), ``id_at`` of the id, ``verb_at`` of an action's name.
    ``id_query`` is the query parameter with the id. ``status`` is the success status.
    ``scope`` are path parameters, each with the field that has its value (``workspace_id``, ``workspace.id``) and the collection
    that it has a member id of.
    ``sets`` are the fields that an action sets; ``when`` are the states in which it is allowed; if it ``copies``, it makes a new
    member with the fields of the one it is called on.
    Query parameters: ``filters``, ``sort``, ``direction``, ``search``; ``fields`` and ``omit`` name fields to show or to omit;
    ``conditions`` has conditions of field, operator and value, or an OData filter; ``expand`` (or a property of the body) lists
    fields to show as members; ``flags`` do so for one field each. If ``asks`` is ``body``, these are places in the body.
    ``first``: the member is the collection's first (a path with ``me``). ``key`` is the field in the path if that is not the id
    (``/customers/external/{external_id}``). ``by_id``: the response has the members in an object, by their ids.
    ``one_by_one``: each of several members is changed or refused for itself, and the response with 207, or the usual one, has a
    list of results at ``results``.
    ``order`` is the order of the members if the request asks for none: a field (``-rating``: descending), ``newest``, ``oldest``,
    or ``random``; ``where`` are the fields that all of them have. A read with ``first`` shows the first of these.
    ``linkage`` is the place of a relationship's ids in a member (JSON:API). A list or read with it shows the members that these
    ids name; the member with the ids is then one of the collection ``linked_from``.
    """

    name: str
    role: Role
    collection: str = ""
    status: int = 200
    at: Place = ()
    each: Place = ()
    body: Place = ()
    id_at: Place = ()
    pages: Pages = field(default_factory=Pages)
    filters: tuple[tuple[str, Filter], ...] = ()
    scope: tuple[tuple[str, str, str], ...] = ()
    sort: str = ""
    direction: str = ""
    fields: str = ""
    omit: str = ""
    search: str = ""
    conditions: str = ""
    expand: str = ""
    flags: tuple[tuple[str, str], ...] = ()
    asks: Literal["query", "body"] = "query"
    id_query: str = ""
    first: bool = False
    key: Place = ()
    sets: tuple[tuple[str, Json], ...] = ()
    when: tuple[str, ...] = ()
    verb_at: str = ""
    copies: bool = False
    by_id: bool = False
    results: Place = ()
    one_by_one: bool = False
    order: str = ""
    where: tuple[tuple[str, Json], ...] = ()
    linkage: Place = ()
    linked_from: str = ""


@dataclass(frozen=True)
class Model:
    """The collections by path, the operations by name, and the decisions with their reasons.

    With ``integrity`` ``strict``, writes that refer to a nonexistent member are refused.
    """

    collections: dict[str, Collection]
    operations: dict[str, Operation]
    decisions: tuple[Decision, ...] = field(default=(), compare=False)
    integrity: Literal["lenient", "strict"] = "lenient"

    def why(self, text: str) -> list[Decision]:
        """The decisions about a path with its operations, or about an operation (``GET /customers``)."""
        path = text.partition(" ")[2] or text
        return [each for each in self.decisions if each.subject in (text, path) or each.subject.endswith(f" {path}")]


def place_text(place: Place) -> str:
    """A place as text, such as ``data.0.id``; a full stop in a name is written ``\\.``."""
    return ".".join(str(part).replace("\\", "\\\\").replace(".", "\\.") for part in place)


@lru_cache(maxsize=4096)
def read_place(text: str) -> Place:
    """The place of a text from ``place_text``; parts of up to three digits are indices."""
    parts, current, escaped = [], "", False
    for letter in text:
        if escaped or letter not in "\\.":
            current, escaped = current + letter, False
        elif letter == "\\":
            escaped = True
        else:
            parts.append(current)
            current = ""
    parts.append(current)
    return tuple(int(part) if part.isdecimal() and len(part) < 4 else part for part in parts) if text else ()
