"""Handles the operations of a document by its model: each role is one method of ``read_handlers`` or ``write_handlers``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from counterfoil.api import ApiError, Request, Response
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.handlers.expansion import Expansion
from counterfoil.apis.generic.handlers.field_selection import FieldSelection
from counterfoil.apis.generic.handlers.linkages import Linkages
from counterfoil.apis.generic.handlers.many_at_once import writes_several
from counterfoil.apis.generic.handlers.own_links import OwnLinks
from counterfoil.apis.generic.member_store import MemberStore
from counterfoil.apis.generic.model import Operation
from counterfoil.apis.generic.rows import GeneratedRows
from counterfoil.ledger.errors import LedgerError

if TYPE_CHECKING:
    from counterfoil.world.world import World

READS = ("list", "count", "read", "read_one", "download", "made_up")


class Handlers(Linkages):
    """The operations of one document. ``api`` is the name it is served as."""

    def __init__(self, document: Document, generated: GeneratedRows, api: str) -> None:
        super().__init__(document, generated, api)
        self._selection = FieldSelection(document)
        self._expansion = Expansion(document)
        self._links = OwnLinks(document)
        self._roles: Mapping[str, Callable[[Operation, Request, MemberStore], Response]] = {
            "list": self.list_members,
            "count": self.count_members,
            "read": self.read,
            "create": self.create,
            "replace": self.replace,
            "update": self.update,
            "delete": self.delete,
            "clear": self.clear,
            "action": self.action,
            "read_one": self.read_one,
            "write_one": self.write_one,
            "delete_one": self.delete_one,
            "read_linkage": self.read_linkage,
            "replace_linkage": self.replace_linkage,
            "add_linkage": self.add_linkage,
            "remove_linkage": self.remove_linkage,
            "download": self.download,
            "made_up": self.made_up,
        }

    def handler(self, name: str) -> Callable[[Request, World], Response]:
        """The handler of an operation, with the layers that its responses need: expansion, links, field selection, ETag."""
        operation = self.document.model.operations[name]
        act = self._roles[operation.role]
        several = writes_several(operation) or self._writes_listed(operation)

        def answer(request: Request, store: MemberStore) -> Response:
            try:
                if not several:
                    return act(operation, request, store)
                with store.world.one_step():
                    return act(operation, request, store)
            except LedgerError as error:
                raise ApiError("conflict", error.message) from None  # a bound of the world, not a field of the request

        def handle(request: Request, world: World) -> Response:
            return answer(request, MemberStore(self.generated, world, self.api))

        def expand(request: Request, world: World) -> Response:
            store = MemberStore(self.generated, world, self.api)
            return self._expansion.expanded(operation, request, answer(request, store), store)

        if operation.by_id:  # expansion, links and field selection need a list of members
            return handle
        expanded = expand if self._expansion.applies(operation) else handle

        def link(request: Request, world: World) -> Response:
            return self._links.linked(operation, request, expanded(request, world))

        shown = link if self._links.applies(operation) else expanded

        def choose(request: Request, world: World) -> Response:
            return self._selection.chosen(operation, request, shown(request, world))

        chosen = choose if self._selection.applies(operation) else shown

        def with_etag(request: Request, world: World) -> Response:
            return self.headers.with_etag(operation, request, chosen(request, world))

        return with_etag if self.headers.has_etag(operation.name) else chosen

    def _writes_listed(self, operation: Operation) -> bool:
        """Whether a request may also write the members that a field of its member lists."""
        collection = self.document.model.collections.get(operation.collection)
        return collection is not None and bool(collection.lists) and operation.role not in READS
