"""The interface through which the control API and the page show and change the resources of a user's own API.

Changes are returned as commands, which the caller executes, so that they are counted and stored like any other command.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from counterfoil.world.commands import Command, WriteResource
    from counterfoil.world.world import World

Json = Any


class FieldView(msgspec.Struct, frozen=True):
    """One field of a collection's members. ``type`` is a JSON type, empty where the document allows several; ``reference`` is the
    path of the collection whose id it holds, or empty."""

    name: str
    type: str
    format: str
    choices: Sequence[Json]
    required: bool
    server_owned: bool
    reference: str


class ParentView(msgspec.Struct, frozen=True):
    """A path parameter before a collection, and the path of the collection whose member it names, if there is one."""

    parameter: str
    collection: str | None


class CollectionView(msgspec.Struct, frozen=True):
    """A collection of a document. ``id`` is the field that identifies a member, empty where it is not a field; ``single``
    says that there is only one member below each parent; ``written`` how many were written or deleted in the world."""

    path: str
    id: str
    single: bool
    parents: Sequence[ParentView]
    fields: Sequence[FieldView]
    written: int


class ResourceView(msgspec.Struct, frozen=True):
    """One member. ``written`` says whether a client or the page wrote it; otherwise it is as the seed made it."""

    id: str
    written: bool
    value: dict[str, Json]


class ResourcePage(msgspec.Struct, frozen=True):
    """Some members of a collection, and how many there are in total."""

    total: int
    resources: Sequence[ResourceView]


class ResourceBrowser(Protocol):
    """The resources of one API in any world.

    ``parent`` has the ids of the members above a collection, joined with slashes; it is empty at the top. Every method
    raises ``UnknownRecord`` for a collection, parent or member that does not exist; those that return a command raise
    ``BadValue``, with one sentence, for a value that the document does not allow.
    """

    def collections(self, world: World) -> Sequence[CollectionView]: ...

    def page(
        self, world: World, collection: str, parent: str, *, search: str, offset: int, limit: int
    ) -> ResourcePage: ...

    def get(self, world: World, collection: str, parent: str, id: str) -> ResourceView: ...

    def created(self, world: World, collection: str, parent: str, fields: dict[str, Json]) -> tuple[str, Command]:
        """The id of a new member, and the command that creates it with these fields and those that the server sets.

        The command also writes the members of collections below that a field lists.
        """
        ...

    def replaced(self, world: World, collection: str, parent: str, id: str, value: dict[str, Json]) -> Command:
        """The command that replaces a member as a whole, and the members of collections below that a field lists."""
        ...

    def checked(self, world: World, command: WriteResource) -> WriteResource:
        """A command that a client wrote, after the same checks as those of the other methods."""
        ...

    def deleted(self, world: World, collection: str, parent: str, id: str) -> WriteResource: ...
