"""Chooses the id of a new member: the one that the client sent, or a new one."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from counterfoil.api import ApiError
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.handlers.read_handlers import text
from counterfoil.apis.generic.inference.composite import fields_of, joined
from counterfoil.apis.generic.member_store import MemberStore
from counterfoil.apis.generic.model import Collection
from counterfoil.apis.generic.places import at

Json = Any


class NewIds:
    """The ids of one document's new members. ``repeatable`` are ids of members that the same request has already created."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def id_of(
        self,
        collection: Collection,
        parent: str,
        fields: Mapping[str, Json],
        store: MemberStore,
        repeatable: Container[str],
    ) -> str:
        """The sent id, if clients choose ids; otherwise a new one.

        Raises ``ApiError``: malformed for an id that the member's path cannot have, conflict for a taken one. The id of a
        generated row does not count as taken: it is often the id of the document's example, which users send first. Without a
        documented status for a conflict, the member is overwritten.
        """
        if collection.parts:
            return self._composite(collection, parent, fields, store, repeatable)
        sent = at(fields, collection.id) if collection.id else None
        owned = bool(collection.id) and str(collection.id[0]) in collection.server_owned
        is_sent = isinstance(sent, str | int) and not isinstance(sent, bool) and str(sent) != ""
        if is_sent and not owned and self._is_usable(collection, str(sent)):
            if collection.found == "known" and store.was_written(collection, parent, str(sent)):
                self._refuse_taken(collection, str(sent), repeatable)
            return str(sent)
        return store.new_id(collection, parent)

    def _is_usable(self, collection: Collection, id: str) -> bool:
        """Whether a sent id is valid in the member's path; if not, the caller may take a new id instead.

        Raises ``ApiError`` (malformed) for an id that no path can have, and for an invalid one if clients must choose the id.
        If the document's own example is invalid too, the path's schema is wrong, and no id is refused for it.
        """
        document, field = self.document, str(collection.id[-1])
        ends_path = ("/" in id or id in (".", "..")) and document.is_in_paths(collection)
        if not ends_path and document.is_valid_id(collection, id):
            return True
        chosen = any(field in names for names in document.required_to_create(collection))
        shown = [each for schema in document.id_schemas(collection) for each in document.reader.examples(schema)]
        if ends_path or (chosen and all(document.is_valid_id(collection, text(each)) for each in shown)):
            raise ApiError("malformed", f"{field}: no path of a member can have '{id[:100]}'", where=field)
        return False

    def _composite(
        self,
        collection: Collection,
        parent: str,
        fields: Mapping[str, Json],
        store: MemberStore,
        repeatable: Container[str],
    ) -> str:
        """The composite id from the fields; missing values are made. Raises ``ApiError`` as ``id_of`` does."""
        made = fields_of(collection, store.new_id(collection, parent))
        values = []
        for name, part in zip(collection.parts, self.document.by_part(collection), strict=True):
            sent = fields.get(name)
            is_usable = sent not in (None, "") and self._is_usable(part, text(sent))
            values.append(text(sent) if is_usable else made[name])
        id = joined(values)
        if store.get(collection, parent, id) is not None:
            self._refuse_taken(collection, id, repeatable)
        return id

    def _refuse_taken(self, collection: Collection, id: str, repeatable: Container[str]) -> None:
        if id not in repeatable and self.document.refuses_taken_ids(collection):
            field = collection.parts[-1] if collection.parts else str(collection.id[-1])
            raise ApiError("conflict", f"there is a member with the id '{id[:100]}' already", where=field)
