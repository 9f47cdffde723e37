"""Renders errors in the documented format of the operation's error response, otherwise as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.api import ApiError, Reason, Response
from counterfoil.api.problem_details import MEDIA_TYPE as PROBLEM_JSON
from counterfoil.api.problem_details import problem_details
from counterfoil.apis.generic.data.fitting import fit
from counterfoil.apis.generic.data.scalars import UNSET
from counterfoil.apis.generic.data.values import Unmakeable
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import DocumentedResponse
from counterfoil.apis.generic.handlers.error_details import ErrorDetails
from counterfoil.apis.generic.handlers.headers import AnswerHeaders
from counterfoil.apis.generic.handlers.xml_bodies import to_xml
from counterfoil.media_types import is_xml

Json = Any

STATUSES: Mapping[Reason, tuple[int, ...]] = {
    "malformed": (400, 422),
    "required": (400, 422),
    "unknown_resource": (404, 410),
    "conflict": (409, 422, 400),
    "forbidden": (403, 401),
}
"""Statuses for each reason, the usual one first; the first that the operation documents is used."""


class Errors:
    """Renders the errors of one document's operations."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.headers = AnswerHeaders(document)
        self.details = ErrorDetails(document)

    def render(self, error: ApiError) -> Response:
        """The response for an error."""
        if self._names_nothing(error):
            found = ApiError("unknown_resource", error.message, where=error.where)
            found.operation, found.method = error.operation, error.method
            error = found
        status, answer = self._documented(error)
        if answer is None:
            return problem(error, status)
        headers = self.headers.required(error.operation or "", status)
        if answer.media_type is None:
            return Response(status, headers=headers)
        if is_xml(answer.media_type) and self.document.reader.properties(answer.schema):
            return Response(status, self._xml(error, status, answer), headers, media_type=answer.media_type)
        if not answer.is_json:
            kind = answer.media_type
            text = f"{error.message}\n".encode()
            return Response(status, text, headers, media_type="text/plain" if "*" in kind else kind)
        body = self._body(error, status, answer)
        if body is UNSET:
            return problem(error, status)
        return Response(status, body, headers, media_type=answer.sent_type)

    def _names_nothing(self, error: ApiError) -> bool:
        """Whether an invalid value in the path counts as an unknown id: the document has 404, but no status for invalid
        requests."""
        if error.detail.get("in") != "path":
            return False
        known = self.document.spec.operations.get(error.operation or "", {}).get("responses") or {}
        return "404" in known and not known.keys() & {"400", "422", "4XX", "4xx"}

    def _documented(self, error: ApiError) -> tuple[int, DocumentedResponse | None]:
        operation = error.operation
        if operation is None or operation not in self.document.spec.operations:
            return error.status, None
        known = self.document.spec.operations[operation].get("responses") or {}
        usual = STATUSES.get(error.reason, ())
        about_request = error.reason != "conflict" or bool(error.where)  # otherwise a limit of this server is reached
        if error.status in usual and about_request:
            for status in (error.status, *usual):
                if str(status) in known:
                    return status, self.document.response_for_status(operation, status)
        return error.status, self.document.response_for_status(operation, error.status)

    def _xml(self, error: ApiError, status: int, answer: DocumentedResponse) -> bytes:
        reader, details = self.document.reader, self.details.of(answer.schema, error, status)
        try:
            body = self.document.values.make(answer.schema, f"{error.operation}/{status}", given=details)
        except Unmakeable:
            body = details
        return to_xml(reader, answer.schema, body)

    def _body(self, error: ApiError, status: int, answer: DocumentedResponse) -> Json:
        document = self.document
        name = error.operation or ""
        checks = document.checks(name, answer)
        template = next((value for _, value in document.examples(answer) if isinstance(value, dict)), None)
        details = self.details.of(answer.schema, error, status)
        for given in ({**template, **details} if template and isinstance(details, dict) else details, details, UNSET):
            try:
                return fit(document.values, answer.schema, checks, f"{name}/{status}", given=given)
            except Unmakeable:
                continue
        return UNSET


def problem(error: ApiError, status: int) -> Response:
    """Problem details, for an error that the document does not describe."""
    return Response(status, problem_details(status, error.message), media_type=PROBLEM_JSON)
