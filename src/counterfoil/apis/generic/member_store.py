"""The members of all collections in one world: the generated rows, and the written members.

Written members are in the world's state (``world.resources``), so forks, resets and capsules apply to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from counterfoil.api import ApiError
from counterfoil.apis.generic.model import Collection
from counterfoil.apis.generic.rows import MAX_TRIES, GeneratedRows, Member, below
from counterfoil.world.commands import WriteResource
from counterfoil.world.resources import Content

if TYPE_CHECKING:
    from counterfoil.world.world import World

Json = Any


class MemberStore:
    """The members of all collections in one world, at its current version."""

    def __init__(self, generated: GeneratedRows, world: World, api: str) -> None:
        self.generated = generated
        self.world = world
        self.api = api

    def get(self, collection: Collection, parent: str, id: str) -> Member | None:
        """The member with that id; None if there is none."""
        member = self._member(collection, parent, id)
        return self._with_children(collection, parent, member) if member is not None and collection.lists else member

    def _member(self, collection: Collection, parent: str, id: str) -> Member | None:
        written = self.world.resources.group(self.api, collection.path, parent).get(id)
        if written is not None:
            return None if written.value is None else self._written(id, written)
        key = self.generated.key(self.world, collection, parent)
        if collection.found == "any" or (
            self.generated.ids.has(key, collection, id) and not self._is_below_new(collection, parent)
        ):
            return self.generated.member(self.world, collection, parent, id)
        return None

    def was_written(self, collection: Collection, parent: str, id: str) -> bool:
        """Whether a client created or changed the member with that id, and did not delete it."""
        written = self.world.resources.group(self.api, collection.path, parent).get(id)
        return written is not None and written.value is not None

    def all(self, collection: Collection, parent: str) -> Iterable[Member]:
        """All members below a parent: rows, then created members in the order of their creation."""
        members = self._members(collection, parent)
        return [self._with_children(collection, parent, each) for each in members] if collection.lists else members

    def _with_children(self, collection: Collection, parent: str, member: Member) -> Member:
        """The member with the current members of the collections that its fields list."""
        place, changed = below(parent, member.id), {}
        for field, path in collection.lists:
            child = self.generated.document.model.collections[path]
            if child.lists or self.world.resources.group(self.api, path, place):
                changed[field] = [each.value for each in self.all(child, place)]
        if all(member.value.get(field) == each for field, each in changed.items()):
            return member
        name = ("generic", self.api, collection.path, parent, member.id)
        return self.world.cached(name, lambda: Member(member.id, {**member.value, **changed}))

    def _members(self, collection: Collection, parent: str) -> Iterable[Member]:
        group = self.world.resources.group(self.api, collection.path, parent)
        rows = () if self._is_below_new(collection, parent) else self.generated.all(self.world, collection, parent)
        if not group:
            return rows
        name = ("generic", self.api, collection.path, parent)
        return self.world.cached(name, lambda: tuple(self._merged(group, rows)))

    def _is_below_new(self, collection: Collection, parent: str) -> bool:
        """Whether a client created one of the parents: then there are no rows below it, only created members."""
        above: list[str] = []
        for each, id in zip(collection.parents, parent.split("/"), strict=False):
            owner = self.generated.document.model.collections.get(each.collection or "")
            if owner is not None and owner.found == "known" and not owner.parts:
                place = "/".join(above) if len(owner.parents) == len(above) else ""
                if self.was_written(owner, place, id) and not self.generated.ids.has(
                    self.generated.key(self.world, owner, place), owner, id
                ):
                    return True
            above.append(id)
        return False

    def _merged(self, group: Mapping[str, Any], rows: Iterable[Member]) -> Iterable[Member]:
        known = set()
        for row in rows:
            known.add(row.id)
            written = group.get(row.id)
            if written is None:
                yield row
            elif written.value is not None:
                yield self._written(row.id, written)
        for id, written in group.items():
            if id not in known and written.value is not None:
                yield self._written(id, written)

    def _written(self, id: str, written: Any) -> Member:
        """The written member; the same object until it is written again."""
        member: Member = self.generated.document.cached_for(written, lambda: Member(id, written.value))
        return member

    def content(self, collection: Collection, parent: str, id: str) -> Content | None:
        """The file that was uploaded for a member; None if there is none."""
        written = self.world.resources.group(self.api, collection.path, parent).get(id)
        return None if written is None else written.content

    def write(
        self,
        collection: Collection,
        parent: str,
        id: str,
        value: dict[str, Json] | None,
        content: Content | None = None,
    ) -> None:
        """Write or delete (``value`` None) one member and its file. Raises ``LedgerError`` if a limit is exceeded."""
        path = collection.path
        self.world.execute(
            WriteResource(api=self.api, collection=path, id=id, value=value, parent=parent, content=content)
        )

    def clear_below(self, collection: Collection, parent: str, id: str, child: Collection) -> None:
        """Delete what would be in a collection below a member that is about to be created again with the id of a deleted one."""
        place = below(parent, id)
        group = self.world.resources.group(self.api, child.path, place)
        there = [each for each, written in group.items() if written.value is not None]
        key = self.generated.key(self.world, collection, parent)
        if self.generated.ids.has(key, collection, id):
            there += [each.id for each in self._members(child, place) if each.id not in group]
        for each in there:
            self.write(child, place, each, None)

    def new_id(self, collection: Collection, parent: str) -> str:
        """An id for a new member, which no member has or had. Raises ``ApiError`` if all ids are taken."""
        group = self.world.resources.group(self.api, collection.path, parent)
        key = self.generated.key(self.world, collection, parent)
        number = len(self.generated.ids.all(key, collection)) + len(group)
        for further in range(MAX_TRIES):
            id = self.generated.ids.at(key, collection, number + further)
            if self.generated.ids.exceeds_maximum(collection, id):
                break
            if id not in group and not self.generated.ids.has(key, collection, id):
                return id
        raise ApiError("conflict", f"{collection.path}: every id that the document allows is taken")
