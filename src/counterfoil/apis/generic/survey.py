"""Counts which operations of a document are answered from state, which are made up, and which cannot be answered.

Each operation is asked once for an answer, as a request would, in a world that is then thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass

from counterfoil.api import ApiError
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.model import Operation
from counterfoil.apis.generic.scalars import NOTHING
from counterfoil.apis.generic.shows import Shows


@dataclass(frozen=True, slots=True)
class Survey:
    """The operations by how they are answered; ``impossible`` has the reason for each."""

    stateful: tuple[str, ...]
    made_up: tuple[str, ...]
    impossible: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        count = len(self.stateful) + len(self.made_up) + len(self.impossible)
        return (
            f"{len(self.stateful)} of {count} operations answer from state, {len(self.made_up)} are made up (seeded, stable), "
            f"{len(self.impossible)} are 501"
        )


def survey(document: Document) -> Survey:
    """Try every operation's success answer once."""
    shows = Shows(document)
    stateful, made_up, impossible = [], [], []
    for name, operation in document.model.operations.items():
        reason = _reason(shows, operation)
        if reason is not None:
            impossible.append((name, reason))
        elif operation.role == "made_up":
            made_up.append(name)
        else:
            stateful.append(name)
    return Survey(tuple(stateful), tuple(made_up), tuple(impossible))


def _reason(shows: Shows, operation: Operation) -> str | None:
    """Why an operation cannot be answered; None if it can."""
    try:
        shows.made_up(operation.name, "survey", NOTHING)
    except ApiError as error:
        return error.message
    return None
