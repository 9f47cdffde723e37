"""Counts the operations of a document that answer from state, those with made-up responses, and those that respond with 501.

One success response is generated for each operation, without a world: if none fits the document, the operation responds 501.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass

import orjson

from counterfoil import disk_cache
from counterfoil.api import ApiError
from counterfoil.apis.generic.data.scalars import UNSET
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.handlers.response_bodies import ResponseBodies
from counterfoil.apis.generic.model import Operation
from counterfoil.plain_text import counted

CACHE_FORMAT = 3
"""To be increased when the same document and model give another survey."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The operations by the kind of their response; ``impossible`` are pairs of operation and reason."""

    stateful: tuple[str, ...]
    made_up: tuple[str, ...]
    impossible: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        state, made_up, impossible = len(self.stateful), len(self.made_up), len(self.impossible)
        total = state + made_up + impossible
        return (
            f"{state} of {counted(total, 'operation')} {'answers' if 1 in (state, total) else 'answer'} from state, "
            f"{made_up} {_is(made_up)} made up (seeded, stable), {impossible} {_is(impossible)} 501"
        )


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def survey(document: Document) -> Survey:
    """Try to generate each operation's success response once."""
    bodies = ResponseBodies(document)
    stateful, made_up, impossible = [], [], []
    # Many operations have the same response: 3,000 with 400 schemas are surveyed in 2 s, not in 30.
    answered: set[bytes] = set()
    for name, operation in document.model.operations.items():
        answer = document.answer(name)
        same = orjson.dumps([answer.media_type, answer.content])
        reason = None if same in answered else _reason(bodies, operation)
        if reason is None:
            answered.add(same)
        if reason is not None:
            impossible.append((name, reason))
        elif operation.role == "made_up":
            made_up.append(name)
        else:
            stateful.append(name)
    return Survey(tuple(stateful), tuple(made_up), tuple(impossible))


def _reason(bodies: ResponseBodies, operation: Operation) -> str | None:
    """The reason why no response can be made for an operation; None if one can."""
    try:
        bodies.made_up(operation.name, "survey", UNSET)
    except ApiError as error:
        return error.message
    return None


def survey_of(document: Document) -> Survey:
    """The survey, cached in the user's cache folder by document and model."""
    digest = hashlib.sha256(b"%d\n" % CACHE_FORMAT + orjson.dumps(document.spec.raw) + repr(document.model).encode())
    file = disk_cache.file_for("surveys", digest.hexdigest())
    if file is not None:
        with contextlib.suppress(OSError, orjson.JSONDecodeError, TypeError, ValueError, KeyError):
            kept = orjson.loads(file.read_bytes())
            impossible = tuple((str(name), str(reason)) for name, reason in kept["impossible"])
            return Survey(tuple(kept["stateful"]), tuple(kept["made_up"]), impossible)
    found = survey(document)
    disk_cache.write(file, orjson.dumps({name: getattr(found, name) for name in ("stateful", "made_up", "impossible")}))
    return found
