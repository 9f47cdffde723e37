"""Loads a user's own handlers: plain functions in a Python file, one for each operation, that read and write the store.

Only a file that the user names (``--handlers``) is loaded; nothing in a document is ever executed.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

from counterfoil.api import ApiError, ConfigurationError, Request, Response
from counterfoil.api import Reason as Reason
from counterfoil.apis.generic.handlers.dispatch import Handlers
from counterfoil.apis.generic.handlers.read_handlers import text, unknown
from counterfoil.apis.generic.member_store import MemberStore
from counterfoil.apis.generic.model import Collection
from counterfoil.apis.generic.rows import ONLY, Member
from counterfoil.json_values import copy_json
from counterfoil.ledger.errors import LedgerError
from counterfoil.time_limit import is_abandoned

if TYPE_CHECKING:
    from counterfoil.world.world import World

Json = Any
UserHandler = Callable[[Request, "Store"], Any]
_MARK = "__counterfoil_operation__"


class HandlersError(ConfigurationError):
    """A file of handlers cannot be used; the message is one line."""


class Refusal(ApiError):
    """Raised by a handler to refuse a request: ``Refusal("conflict", "only an open invoice can be paid")``.

    ``reason`` is one of ``counterfoil.api.Reason``; the response has the documented status and format for it.
    """


@dataclass(frozen=True, slots=True)
class Answer:
    """A response with its own status or headers. ``body`` is a JSON value, bytes, or None for no body."""

    body: Json = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str | None = None


def handler(operation: str) -> Callable[[UserHandler], UserHandler]:
    """Marks a function as the handler of an operation, written as in the document: ``@handler("POST /invoices/{id}/pay")``."""

    def mark(function: UserHandler) -> UserHandler:
        setattr(function, _MARK, operation)
        return function

    return mark


class Resource(dict[str, Json]):
    """One member of a collection, as a dictionary. ``update`` and ``delete`` write to the world."""

    def __init__(self, members: Members, id: str, value: Mapping[str, Json]) -> None:
        super().__init__(value)
        self._members = members
        self.id = id

    def update(self, *args: Any, **fields: Json) -> Resource:  # type: ignore[override]
        """Set fields and write them; returns the member."""
        super().update(*args, **fields)
        self._members.write(self.id, self)
        super().update(self._members.get(self.id))
        return self

    def delete(self) -> None:
        """Delete the member."""
        self._members.delete(self.id)


class Members:
    """One collection below one parent."""

    def __init__(self, store: Store, collection: Collection, parent: str) -> None:
        self._store = store
        self._collection = collection
        self._parent = parent

    def get(self, id: Json) -> Resource:
        """The member with that id. Raises the document's 404 if there is none."""
        found = self.find(id)
        if found is None:
            raise unknown(self._collection, text(id))
        return found

    def find(self, id: Json) -> Resource | None:
        """The member with that id, or None."""
        member = self._store._members().get(self._collection, self._parent, text(id))
        return None if member is None else self._resource(member)

    def list(self, **fields: Json) -> list[Resource]:
        """The members that have these values in their fields; all members if no fields are given."""
        return [each for each in self if all(each.get(name) == value for name, value in fields.items())]

    def __iter__(self) -> Iterator[Resource]:
        return (self._resource(each) for each in self._store._members().all(self._collection, self._parent))

    def __len__(self) -> int:
        return sum(1 for _ in self._store._members().all(self._collection, self._parent))

    def create(self, fields: Mapping[str, Json] | None = None, **more: Json) -> Resource:
        """Create a member with these fields; what the server sets is added. Returns it."""
        id, value = self._store._handlers.new_member(
            self._collection, self._parent, {**(fields or {}), **more}, self._store._members()
        )
        self.write(id, value)
        return self.get(id)

    def write(self, id: Json, value: Mapping[str, Json]) -> None:
        """Write a whole member, and the members of collections below that its fields list."""
        store, whole = self._store._members(), dict(value)
        with store.world.one_step():
            self._store._handlers.children.write(self._collection, self._parent, text(id), whole, store)
            store.write(self._collection, self._parent, text(id), whole)

    def delete(self, id: Json) -> None:
        """Delete a member."""
        self._store._members().write(self._collection, self._parent, text(id), None)

    def _resource(self, member: Member) -> Resource:
        return Resource(self, member.id, member.value)


class Store:
    """What a handler can use: the collections of the document in one world, and the world's clock."""

    def __init__(self, handlers: Handlers, world: Callable[[], World]) -> None:
        self._handlers = handlers
        self._world = world

    @property
    def world(self) -> World:
        """The world itself."""
        return self._world()

    @property
    def now(self) -> str:
        """The world's time, as ``2026-02-01T06:00:00Z``."""
        return self.time.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def time(self) -> datetime:
        """The world's time, in UTC."""
        return self.world.now

    def __getitem__(self, path: str) -> Members:
        return self.at(path)

    def at(self, path: str, *parents: Json) -> Members:
        """A collection by its path in the document, below the members with these ids: ``at("/orders/{id}/lines", "o1")``.

        Raises ``KeyError`` with the paths of all collections.
        """
        collections = self._handlers.document.model.collections
        if path not in collections:
            raise KeyError(f"there is no collection '{path}'; there are: {', '.join(collections)}")
        return Members(self, collections[path], "/".join(map(text, parents)))

    def one(self, path: str, *parents: Json) -> Resource:
        """A single resource by its path, such as the account or the settings."""
        members = self.at(path, *parents)
        return Resource(
            members, ONLY, self._handlers.only_member(members._collection, members._parent, self._members()).value
        )

    def default(self, request: Request) -> Response:
        """The response that the operation would have without the handler. The handler may change it."""
        response = self._handlers.handler(request.operation)(request, self.world)
        assert isinstance(response, Response)
        return Response(response.status, copy_json(response.body), response.headers, response.media_type)

    def _members(self) -> MemberStore:
        return MemberStore(self._handlers.generated, self.world, self._handlers.api)


def load_handlers(file: Path, handlers: Handlers) -> dict[str, Callable[[Request, World], Response]]:
    """The handlers in a file, by operation.

    Raises ``HandlersError`` for a missing file, one that is not Python, or an unknown operation.
    """
    if not file.is_file():
        raise HandlersError(f"{file}: no such file")
    spec = spec_from_file_location(f"counterfoil_handlers_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise HandlersError(f"{file}: is not a Python file (its name must end in .py)")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        line = getattr(error, "lineno", None) or _line(error, file)
        raise HandlersError(
            f"{file}{f':{line}' if line else ''}: {type(error).__name__}: {' '.join(str(error).split())}"
        ) from None
    found: dict[str, Callable[[Request, World], Response]] = {}
    for name, function in vars(module).items():
        operation = getattr(function, _MARK, None)
        if operation is None or not callable(function):
            continue
        if operation not in handlers.document.spec.operations:
            raise HandlersError(f"{file}: {name}: the document has no operation '{operation}'")
        if not _is_plain_function(function):
            raise HandlersError(f"{file}: {name}: a handler is a plain function of (request, store), and not async")
        if operation in found:
            raise HandlersError(f"{file}: two functions answer '{operation}'")
        found[operation] = _answering(operation, function, handlers)
    if not found:
        raise HandlersError(f'{file}: no function is marked with @handler("GET /path")')
    return found


def _is_plain_function(function: Callable[..., Any]) -> bool:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return False
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return False
    except ValueError:  # some functions written in C have no signature
        return True
    return True


def _line(error: BaseException, file: Path) -> int | None:
    """The last line of the file in an exception's traceback; None if the file is not in it."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def handler_seconds() -> float:
    """How long a handler may take: ``COUNTERFOIL_HANDLER_SECONDS``, or 30. Raises ``HandlersError``."""
    written = os.environ.get("COUNTERFOIL_HANDLER_SECONDS") or "30"
    try:
        seconds = float(written)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86_400:
        raise HandlersError(f"COUNTERFOIL_HANDLER_SECONDS is '{written}', not a number of seconds from 0 to 86400")
    return seconds


def _answering(operation: str, function: UserHandler, handlers: Handlers) -> Callable[[Request, World], Response]:
    usual = handlers.document.answer(operation)

    def handle(request: Request, world: World) -> Response:
        try:
            with world.one_step() as step:
                response = answered(request, world)
                # validation turns an invalid response into a 500: then nothing may be written
                step.dropped = bool(step.writes) and (is_abandoned() or not fits(response))
        except LedgerError as error:
            raise ApiError("conflict", error.message) from None  # a bound of the world, not a field of the request
        return response

    def answered(request: Request, world: World) -> Response:
        result = function(request, Store(handlers, lambda: world))
        if isinstance(result, Response):
            return result
        answer = result if isinstance(result, Answer) else Answer(result)
        body = dict(answer.body) if isinstance(answer.body, Resource) else answer.body
        documented = handlers.document.response_for_status(operation, answer.status or usual.status) or usual
        media_type = answer.media_type or (documented.sent_type if body is not None else None)
        return Response(answer.status or usual.status, body, tuple(answer.headers.items()), media_type)

    def fits(response: Response) -> bool:
        documented = handlers.document.response_for_status(operation, response.status)
        if documented is None:
            return response.status == usual.status  # only errors are documented
        checks = handlers.document.checks(operation, documented)
        try:
            return checks is None or isinstance(response.body, bytes) or bool(checks.is_valid(response.body))
        except (ValueError, TypeError):  # the body has values that JSON cannot express
            return False

    return handle
