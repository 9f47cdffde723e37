"""The definition of a law, of an API's law book, and of the two ways in which trying a law can end early.

A law is one behaviour that must hold over HTTP. Its ``check`` receives a ``LawContext``, makes requests through it, and
returns when the behaviour holds. It fails with ``ctx.expect(…)`` (or by raising ``LawFailed``) and calls ``ctx.skip(…)`` when
this target has nothing to try the law on. ::

    def newest_first(ctx: LawContext) -> None:
        '''The list is in descending order of its dates.'''
        dates = [item["date"] for item in ctx.request_json("GET /things")]
        ctx.expect(dates == sorted(dates, reverse=True), expected="descending dates", got=dates)

    LAWS = (Law("acme.things.newest", "GET /things", "sorting", ("acme.c07",), says(newest_first), newest_first),)
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from counterfoil.contract.context import LawContext


class LawFailed(Exception):
    """The law does not hold.

    ``expected`` and ``got`` are one line each, ``case`` is the generated input, ``requests`` are the curl lines that show it.
    """

    def __init__(self, expected: str, got: Any, *, case: str = "", requests: Sequence[str] = ()) -> None:
        self.expected = plain(expected)
        self.got = brief(got)
        self.case = case
        self.requests = tuple(requests)
        super().__init__(f"expected {expected}; got {self.got}" + (f" (with {case})" if case else ""))


class NotApplicable(Exception):
    """This target offers nothing to try the law on; the message says what is missing."""


class NotTried(NotApplicable):
    """The law could apply here but was not tried; the message says what it needs (an id, a credential, more time)."""


@dataclass(frozen=True)
class Law:
    """One behaviour that must hold over HTTP.

    ``id`` starts with the API's short name (``elevate.sort.desc``). ``operation`` is written as in the spec (``GET /things``).
    ``clauses`` are ids of the API's ``clauses.yaml``; ``c07`` is short for ``elevate.c07``. ``says`` is the behaviour in one
    sentence. ``writes`` marks a law that changes something at the target: it runs with ``--writes`` only. ``needs`` names the
    capabilities (``Target.capabilities``) it uses in addition to the API; where one is missing the law does not apply.
    ``confidence``, from 0 to 1, is lower for a law that was inferred: a failure of one below 0.8 is a question.
    """

    id: str
    operation: str
    family: str
    clauses: tuple[str, ...]
    says: str
    check: Callable[[LawContext], None]
    writes: bool = False
    needs: tuple[str, ...] = ()
    confidence: float = 1.0

    def __post_init__(self) -> None:
        full = tuple(clause if "." in clause else f"{self.api}.{clause}" for clause in self.clauses)
        object.__setattr__(self, "clauses", full)

    @property
    def api(self) -> str:
        return self.id.split(".", 1)[0]


@dataclass(frozen=True)
class Login:
    """How a token is fetched: ``operation`` takes the target's ``login`` as body; ``member`` of the response is the token."""

    operation: str
    member: str


class ClientId(NamedTuple):
    """Where an operation that creates a resource has the id that the client chooses: ``sent`` in the request's body and
    ``shown`` in the response's. ``collection`` is the path of the collection."""

    collection: str
    sent: tuple[str | int, ...]
    shown: tuple[str | int, ...]


class CreatedMember(NamedTuple):
    """What an operation creates: ``path`` is that of the member, ``shown`` the place of its id in the response, and ``read``
    that in the response of a GET of the path (None if there is no GET)."""

    path: str
    shown: tuple[str | int, ...]
    read: tuple[str | int, ...] | None


@dataclass(frozen=True)
class LawBook:
    """One API's laws, and what the checker needs to know before it can try them.

    ``health_check`` is a read that any valid credential may call, with ``health_check_query`` and ``health_check_path``. It is
    sent first, to verify that the target can be reached and accepts the credential. With ``health_check_uses_known_ids`` the
    first ids of ``Target.known``, if there are any, replace those of ``health_check_path``. ``health_check_statuses`` are the
    statuses of a successful health check (None: any). ``login`` is for APIs that exchange credentials for a token.
    ``known_parameters`` are the path parameters for which ids must be given with ``--known``, and ``shows_known_id`` tells from
    the health check's body whether it shows anything for such an id. ``unknown_ids`` exist at no target, so a request that
    must be refused may name them. ``acts_on_existing`` are operations that create something from existing data, such as a bill
    from a customer's charges; they are sent only to a target that was started for the check. ``client_ids`` maps operations
    that create resources with a client-chosen id to the places of this id, ``created_members`` those whose responses show the
    id of what they create. ``given_values`` maps operations to the query
    parameters and body members that take only values from the target, such as a cursor. ``clean_up`` says how to remove what a
    check created. ``document`` is the OpenAPI document of an API that is not in the catalog: a user's own.
    """

    api: str
    laws: tuple[Law, ...]
    health_check: str
    health_check_query: Mapping[str, Any] = field(default_factory=dict)
    health_check_path: Mapping[str, Any] = field(default_factory=dict)
    health_check_uses_known_ids: bool = False
    health_check_statuses: tuple[int, ...] | None = (200,)
    login: Login | None = None
    known_parameters: tuple[str, ...] = ()
    shows_known_id: Callable[[Any], bool] = lambda body: True
    unknown_ids: frozenset[str] = frozenset()
    acts_on_existing: frozenset[str] = frozenset()
    client_ids: Mapping[str, ClientId] = field(default_factory=dict)
    created_members: Mapping[str, CreatedMember] = field(default_factory=dict)
    given_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    clean_up: str = ""
    document: Mapping[str, Any] | None = None

    @property
    def login_operation(self) -> str | None:
        """The operation that exchanges credentials for a token. It changes nothing, so it may be called without ``--writes``."""
        return self.login.operation if self.login else None


def says(check: Callable[..., Any]) -> str:
    """The law's sentence: the first paragraph of a function's docstring, on one line."""
    return " ".join((check.__doc__ or check.__name__.replace("_", " ")).strip().split("\n\n")[0].split())


_REPR = re.compile(r"Decimal\('([^']*)'\)|datetime\.(?:datetime|date)\(([\d, ]+)(?:, tzinfo=[\w.]+)?\)")


_INNER = r"[^][(){}]*"
_CONTAINER = re.compile(rf"[\[({{](?:{_INNER}(?:[\[({{]{_INNER}[\])}}]{_INNER})*)[\])}}]")
"""A bracket with what it contains, up to two deep."""
JSON_TYPES = (dict, list, tuple, set, frozenset, int, float, Decimal, type(None))
MAX_MESSAGE_LENGTH = 2000
"""Characters of a message."""


def plain(text: str) -> str:
    """``text`` with the Python values in it, such as ``['eur', Decimal('1.5')]``, written as JSON."""
    text = text if len(text) <= MAX_MESSAGE_LENGTH else f"{text[:MAX_MESSAGE_LENGTH]}…"
    text = _REPR.sub(lambda found: found[1] or _iso(found[2]), text)
    return _CONTAINER.sub(_as_json, text)


def _as_json(found: re.Match[str]) -> str:
    try:
        value = ast.literal_eval(found[0])
        return quoted(value) if isinstance(value, (dict, list, set, tuple)) else found[0]
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):  # it was not Python
        return found[0]


def _iso(numbers: str) -> str:
    year, month, day, *time = map(int, numbers.split(","))
    return date(year, month, day).isoformat() + (f"T{':'.join(f'{part:02}' for part in time[:3])}Z" if time else "")


def quoted(value: Any) -> str:
    """A value as JSON: a text in quotation marks."""
    return json.dumps(value, default=_jsonable, ensure_ascii=False)


def brief(value: Any, length: int = 400) -> str:
    """A value on one line, cut to ``length`` characters; long lists show their first and last items.

    Strings are shown without quotes, and values that JSON does not have as ``str`` shows them.
    """
    if isinstance(value, str) or not isinstance(value, JSON_TYPES):
        text = plain(str(value))
    else:
        if isinstance(value, (list, tuple)) and len(value) > 12:
            value = [*value[:6], f"… {len(value) - 9} more …", *value[-3:]]
        text = json.dumps(value, default=_jsonable, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[:length]}…"


def _jsonable(value: Any) -> Any:
    """Numbers as they were received, sets as lists, anything else as ``str`` shows it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return sorted(map(str, value)) if isinstance(value, (set, frozenset)) else str(value)
