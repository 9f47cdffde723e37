"""What is inferred about one operation: its role, its collection, and the member's place in requests and responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.found_collections import Scope
from counterfoil.apis.generic.model import Place, Role

Json = Any


@dataclass
class InferredRole:
    """What one operation does, with the reason. The attributes are those of ``model.Operation``."""

    role: Role
    draft: CollectionDraft | None = None
    at: Place = ()
    each: Place = ()
    body: Place = ()
    id_at: Place = ()
    id_query: str = ""
    first: bool = False
    key: Place = ()
    scope: list[Scope] = field(default_factory=list)
    sets: Mapping[str, Json] = field(default_factory=dict)
    verb_at: str = ""
    copies: bool = False
    by_id: bool = False
    results: Place = ()
    one_by_one: bool = False
    order: str = ""
    where: Mapping[str, Json] = field(default_factory=dict)
    linkage: Place = ()
    linked_from: CollectionDraft | None = None
    reason: str = ""
    confidence: float = 1.0
