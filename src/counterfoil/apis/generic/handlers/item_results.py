"""Builds the response with a result for each member that a request lists: its status, id, error, and the member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterfoil.api import ApiError
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import DocumentedResponse
from counterfoil.apis.generic.handlers.error_details import ErrorDetails
from counterfoil.apis.generic.inference.envelopes import ITEM_NAMES, SUCCESS_FLAGS
from counterfoil.apis.generic.inference.item_results import OUTCOME_NAMES, STATUS_NAMES
from counterfoil.apis.generic.model import Operation
from counterfoil.apis.generic.names import letters, singular, word_set
from counterfoil.apis.generic.paths import read_path
from counterfoil.apis.generic.places import wrapped

Json = Any

SUCCESS_WORDS = ("success", "succeeded", "ok", "successful", "completed", "done", "processed", "accepted")
FAILURE_WORDS = ("error", "failed", "failure", "rejected", "notfound", "invalid")
DONE: Mapping[str, tuple[str, ...]] = {
    "create": ("created", *SUCCESS_WORDS), "clear": ("deleted", "removed", *SUCCESS_WORDS),
    "replace": ("updated", "replaced", *SUCCESS_WORDS), "update": ("updated", "changed", *SUCCESS_WORDS),
}  # fmt: skip
"""Words for a success, by role."""
NUMBERS = word_set("index position row number itemindex")
SUCCEEDED = word_set("succeeded success successful successcount succeededcount created updated deleted processed")
FAILED = word_set("failed errors failures failedcount errorcount failurecount failure")
TOTAL = word_set("total totalcount count")


@dataclass(frozen=True)
class ItemOutcome:
    """The result for one member that a request lists: its place in the list, id, status, and value, or the error."""

    number: int
    id: Json
    status: int
    value: dict[str, Json] | None = None
    error: ApiError | None = None


class ItemResults:
    """The results in one operation's response."""

    def __init__(self, document: Document, operation: Operation, answer: DocumentedResponse) -> None:
        self.document, self.operation, self.schema = document, operation, answer.schema
        self.reader = document.reader
        self.errors = ErrorDetails(document)
        self.item = self.reader.member(answer.schema, (*operation.results, 0)) or {}
        self.noun = singular(read_path(operation.collection).noun)
        self.members = self.reader.properties(self.item)

    def body(self, outcomes: Sequence[ItemOutcome]) -> Json:
        """What is known of the response body: the results, and how many succeeded."""
        listed = wrapped(self.operation.results, [self._result(each) for each in outcomes])
        return {**self._counts(self.schema, outcomes), **listed} if isinstance(listed, dict) else listed

    def _result(self, outcome: ItemOutcome) -> dict[str, Json]:
        out: dict[str, Json] = {}
        if outcome.error is not None:
            details = self.errors.of(self.item, outcome.error, outcome.error.status)
            out.update(details if isinstance(details, dict) else {})
        for name, schema in self.members.items():
            value = self._value(letters(name), schema, outcome)
            if value is not None:
                out[name] = value
        return out

    def _value(self, key: str, schema: Json, outcome: ItemOutcome) -> Json:
        """The value of one property of a result; None if it has none, or if it is about the error."""
        types = self.reader.types(schema) - {"null"}
        words = FAILURE_WORDS if outcome.error is not None else DONE[self.operation.role]
        if key in SUCCESS_FLAGS and types == {"boolean"}:
            return outcome.error is None
        if key in STATUS_NAMES | OUTCOME_NAMES and types & {"integer", "number"}:
            return outcome.status
        if key in STATUS_NAMES | OUTCOME_NAMES and "string" in types:
            return self._word(schema, words, outcome)
        if key in NUMBERS and types & {"integer", "number"}:
            return outcome.number
        if key in ("id", f"{self.noun}id", letters(str((self.document.collection(self.operation).id or ("id",))[-1]))):
            return outcome.id
        is_member = self.reader.is_object(schema) and (key in ITEM_NAMES or singular(key) in (self.noun, "item"))
        return dict(outcome.value) if is_member and outcome.value is not None and outcome.error is None else None

    def _word(self, schema: Json, words: Sequence[str], outcome: ItemOutcome) -> str | None:
        """The word for an outcome among those that the schema lists; the status as text if it lists none."""
        listed = self.reader.merged(schema).get("enum")
        if not isinstance(listed, list):
            return str(outcome.status)
        return next((each for word in words for each in listed if letters(str(each)) == word), None)

    def _counts(self, schema: Json, outcomes: Sequence[ItemOutcome], depth: int = 0) -> dict[str, Json]:
        """The numbers of results beside their list, and in an object beside it."""
        failed = sum(each.error is not None for each in outcomes)
        out: dict[str, Json] = {}
        for name, each in self.reader.properties(schema).items():
            key = letters(name)
            if "integer" in self.reader.types(each):
                numbers = ((SUCCEEDED, len(outcomes) - failed), (FAILED, failed), (TOTAL, len(outcomes)))
                out.update((name, number) for words, number in numbers if key in words)
            elif not depth and self.reader.is_object(each) and (inner := self._counts(each, outcomes, 1)):
                out[name] = inner
        return out
