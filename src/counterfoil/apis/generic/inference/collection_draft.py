"""A collection of a document while inference is still looking for its paths, its members' schema and their id."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from counterfoil.apis.generic.model import Place
from counterfoil.apis.generic.names import letters, singular
from counterfoil.apis.generic.paths import Path

Json = Any


@dataclass
class CollectionDraft:
    """A collection being inferred. ``entity`` is the schema of a member, ``source`` its reference or the operation that shows it.

    ``items`` are the paths of a member, ``lists`` the paths that list members; ``single``: there is only one resource, without
    an id. ``named_by`` is the parameter with the id if no path has it. ``parts``: see ``model.Collection``. ``by_id``:
    its list is an object with the ids as keys.
    """

    path: Path
    items: list[Path] = field(default_factory=list)
    lists: list[Path] = field(default_factory=list)
    entity: Json = None
    source: str = ""
    id: Place = ()
    single: bool = False
    why: list[tuple[str, str, str, float]] = field(default_factory=list)
    named_by: str = ""
    parts: tuple[str, ...] = ()
    by_id: bool = False

    @property
    def noun(self) -> str:
        return self.path.noun

    @property
    def parameter(self) -> str:
        return self.items[0].segments[-1].parameter if self.items else self.named_by

    @property
    def id_names(self) -> tuple[str, ...]:
        """The names, as ``letters``, that a request may give to a member's id, the likeliest first."""
        noun, of_member = singular(self.noun), str(self.id[-1]) if self.id else ""
        usual = (letters(self.parameter), letters(of_member), "id", f"{noun}id", f"{noun}uuid")
        return tuple(dict.fromkeys(filter(None, usual)))

    @property
    def is_referable(self) -> bool:
        """Whether an id alone identifies a member: the collection is not below a parent, and its id is not composite."""
        return bool(self.id) and not self.single and not self.path.parameters and not self.parts

    def note(self, what: str, value: str, reason: str, confidence: float) -> None:
        self.why.append((what, value, reason, confidence))
