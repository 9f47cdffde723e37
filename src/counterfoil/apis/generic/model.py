"""What is known of a document: its collections, and what each operation does with them.

A model is inferred (``inference``), and can be corrected by a file or by ``x-counterfoil`` in the document
(``model_file``). Each decision has a reason and a confidence, which ``counterfoil infer --why`` prints.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Json = Any
Place = tuple[str | int, ...]
"""Property names and indices that lead to a value inside a body; empty: the body itself."""

NESTED = ("attributes", "metadata", "spec")
"""Members of an entity that hold its fields: people name those without it."""

Role = Literal[
    "list",  # the members of a collection
    "count",  # how many members a collection has
    "read",  # one member
    "create",
    "replace",  # PUT: what is not sent is gone
    "update",  # PATCH, or POST to the member: what is not sent stays
    "delete",
    "clear",  # members whose ids are listed, or all
    "action",  # sets fields of one member
    "read_one",  # of what there is only one of, in all or for each parent
    "write_one",
    "delete_one",
    "download",  # the file that was uploaded for a member, or for what there is only one of
    "made_up",  # an answer that fits the document, always the same, that depends on no state
]


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that was inferred. ``confidence`` is from 0 to 1; 1 is what a person wrote."""

    subject: str
    value: str
    reason: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Parent:
    """A path parameter before a collection. ``collection`` is the one whose member it names; None if there is none."""

    parameter: str
    collection: str | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """Things of one kind that operations list, read or change.

    ``path`` is its path in the document; ``entity`` the JSON pointer of the schema of one; ``id`` the place of what
    identifies one, empty for what there is only one of; ``parameter`` the path parameter that carries it. ``found`` is
    ``any`` where every id is found, because no operation lists or creates them. ``server_owned`` are the fields that a client
    does not set; ``references`` lead from fields to the collection whose id they hold. ``state`` is the field that actions set.
    ``parts`` are the fields that identify a member together, where its path has several parameters; ``id`` is the last.
    ``embeds`` are the fields that can show a member of another collection: the field's place, that of the id (the same, where
    the field holds either), and the collection. ``keyed``: no field identifies a member, but the key by which a list, an object,
    has it (``{"flour": {…}, "salt": {…}}``).
    """

    def __hash__(self) -> int:
        """That of its path: all its fields took 3 µs of a request."""
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

    @property
    def is_single(self) -> bool:
        """Whether there is only one of it, for each parent."""
        return not self.id and not self.keyed


Operator = Literal["equal", "in", "above", "from", "below", "to", "contains", "not"]


@dataclass(frozen=True, slots=True)
class Filter:
    """A query parameter that selects members by one field."""

    field: Place
    operator: Operator = "equal"


@dataclass(frozen=True, slots=True)
class Pages:
    """How a list is paged. Names are of query parameters; ``next`` and ``total`` are places in the answer.

    ``cursor``: kind ``cursor`` carries the id of the last member seen (``after``), or an opaque text made from it.
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

    ``at`` is where its answer has the member, the number that counts, or the list (``each``: where each item of that has the
    member); ``body`` is where its request has the fields, and ``id_at`` where the id, if that is not in the path. ``status`` is
    that of its success.
    ``scope`` are path parameters, each with the field that holds its value and the collection whose member it names.
    ``sets`` are the fields that an action sets; ``when`` are the states in which it is allowed. ``verb_at`` is the member of the
    body that says which action is meant. Where ``body`` ends in 0, it has several members. ``fields`` and ``omit`` are
    query parameters that name the fields to show or to leave out. ``id_query`` is the query parameter that has the id, if
    that is neither in the path nor in the body. Where ``asks`` is ``body``, names of parameters are places in the body.
    ``first``: the member is the collection's first, whom a path calls ``me``. ``key`` is the field whose value the path has,
    where that is not the id (``/customers/external/{external_id}``). ``conditions`` has conditions of the form field,
    operator, value, or an OData filter. ``expand`` is the parameter (or member of the body) that lists fields to show as
    members, ``flags`` are those that ask for one field each. ``by_id``: its
    answer has the members in an object, by their ids.
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
    by_id: bool = False


@dataclass(frozen=True)
class Model:
    """The collections by path and the operations by name, and why.

    With ``integrity`` ``strict``, a write that refers to a member that does not exist is refused.
    """

    collections: dict[str, Collection]
    operations: dict[str, Operation]
    decisions: tuple[Decision, ...] = field(default=(), compare=False)
    integrity: Literal["lenient", "strict"] = "lenient"

    def why(self, text: str) -> list[Decision]:
        """The decisions about a path, or an operation (``GET /customers``)."""
        path = text.partition(" ")[2] or text
        return [each for each in self.decisions if each.subject in (text, path) or each.subject.endswith(f" {path}")]


def place_text(place: Place) -> str:
    """``data.0.id``; a full stop in a name is written ``\\.``."""
    return ".".join(str(part).replace("\\", "\\\\").replace(".", "\\.") for part in place)


def read_place(text: str) -> Place:
    """The place that ``place_text`` wrote; parts that are whole numbers are indices."""
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
