"""Refuses changes after which a member would not fit its schema, if the request schema does not describe them.

A document often allows any object as a merge patch, or any list as a JSON Patch; then the member's schema has the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from counterfoil.api import ApiError
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import request_schema
from counterfoil.apis.generic.model import Collection, Operation
from counterfoil.apis.generic.names import letters

Json = Any


def refuse_misfit(
    document: Document,
    operation: Operation,
    collection: Collection,
    before: Mapping[str, Json],
    after: dict[str, Json],
    sent: Mapping[str, Json],
) -> None:
    """Raise ``ApiError`` (conflict) if a member that fitted its schema would not fit it after the change ``sent``: the request
    itself is valid."""
    reader = document.reader
    schema = reader.member(request_schema(document.spec.operations[operation.name]), operation.body)
    described = {letters(each) for each in reader.properties(schema)} if schema is not None else set()
    changed = {name for name, value in sent.items() if before.get(name) != value and letters(name) not in described}
    checks = document.member_checks(collection) if changed else None
    if checks is None or checks.is_valid(after) or not checks.is_valid(dict(before)):
        return
    cause = checks.cause(after)
    name = ".".join(map(str, cause.path))
    if cause.path and cause.path[0] not in changed and not cause.is_missing:
        return
    problem = f"{name} would be missing" if cause.is_missing else f"{name or 'the member'}: {cause.text}"
    raise ApiError("conflict", f"the change cannot be applied: {problem}")


def unfit_fields(document: Document, collection: Collection, value: dict[str, Json], sent: Iterable[str]) -> set[str]:
    """The fields of the server among the ``sent`` ones whose values do not fit the member's schema: they are not the client's."""
    owned = set(sent) & set(collection.server_owned)
    checks = document.member_checks(collection) if owned else None
    if checks is None or checks.is_valid(value):
        return set()
    errors = list(checks.errors(value))
    missing = {str(getattr(error.kind, "property", "")) for path, error in errors if not path}
    return owned & (missing | {str(path[0]) for path, _ in errors if path})
