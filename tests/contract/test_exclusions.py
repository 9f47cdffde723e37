"""What the conformance half passes over is narrow: what is only nearly like it is a finding."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from counterfoil.contract.conformance import EXCLUSIONS

OURS: Any = {"x-assumptions": []}


def is_passed_over(
    failure: Any,
    method: str,
    status: int,
    content: bytes,
    documented: set[str],
    *,
    document: Any = OURS,
    media_type: str | None = "application/json",
) -> bool:
    raw: Any = {"responses": {status: {} for status in documented}}
    schema = SimpleNamespace(raw_schema=document)
    operation = SimpleNamespace(method="get", definition=SimpleNamespace(raw=raw), schema=schema)
    case = SimpleNamespace(method=method, operation=operation, media_type=media_type)
    response = SimpleNamespace(status_code=status, content=content, headers={})
    return any(exclusion.applies(failure, case, response) for exclusion in EXCLUSIONS)


UNSUPPORTED = SimpleNamespace(message="")


@pytest.mark.parametrize(
    ("status", "content", "documented", "passed_over"),
    [
        (404, b"404 page not found", {"200", "404"}, True),
        (404, b"404 page not found\n", {"200", "404"}, True),
        (404, b'{"error": "there is no run 7"}', {"200", "404"}, False),
        (404, b"404 page not found", {"200"}, False),
        (501, b"{}", {"200", "501"}, True),
        (501, b"{}", {"200"}, False),
        (500, b"{}", {"200", "501", "500"}, False),
    ],
)
def test_only_the_documented_answer_to_another_method_is_passed_over(
    status: int, content: bytes, documented: set[str], passed_over: bool
) -> None:
    assert is_passed_over(UNSUPPORTED, "DELETE", status, content, documented) is passed_over
    assert not is_passed_over(UNSUPPORTED, "GET", status, content, documented)


def accepted(message: str) -> Any:
    return type("AcceptedNegativeData", (), {"message": message})()


@pytest.mark.parametrize(
    ("message", "passed_over"),
    [
        ("in query - violates `additionalProperties` in /", True),
        ("in query - violates `additionalProperties`, violates `type` in /limit", False),
        ("in query - violates `maximum` in /limit", False),
        ("in body - violates `additionalProperties` in /", False),
    ],
)
def test_only_an_unknown_query_parameter_may_be_accepted(message: str, passed_over: bool) -> None:
    assert is_passed_over(accepted(message), "GET", 200, b"[]", {"200"}) is passed_over


@pytest.mark.parametrize(
    ("status", "passed_over"), [(404, True), (415, True), (418, False), (500, False), (200, False)]
)
def test_an_own_document_may_leave_out_the_refusals_that_any_server_sends(status: int, passed_over: bool) -> None:
    undocumented = type("UndefinedStatusCode", (), {"message": ""})()
    assert is_passed_over(undocumented, "GET", status, b"{}", {"201"}, document={}) is passed_over
    assert not is_passed_over(undocumented, "GET", status, b"{}", {"201"})


def test_how_xml_fits_an_own_documents_schema_is_not_said() -> None:
    failure = accepted("in body - incorrect type")
    assert is_passed_over(failure, "GET", 201, b"{}", {"201"}, document={}, media_type="application/xml")
    assert not is_passed_over(failure, "GET", 201, b"{}", {"201"}, document={})
    assert not is_passed_over(failure, "GET", 201, b"{}", {"201"}, media_type="application/xml")


def test_alternatives_may_overlap_only_where_an_own_document_has_a_discriminator_to_tell_them_apart() -> None:
    def misfit(said: str, schema: Any) -> Any:
        return type("JsonSchemaError", (), {"message": said, "validation_message": said, "schema": schema})()

    several = '{"name":"Leo"} is valid under more than one of the schemas listed in the \'oneOf\' keyword'
    none = "{\"name\":1} is not valid under any of the schemas listed in the 'oneOf' keyword"
    told_apart: Any = {"oneOf": [{}, {}], "discriminator": {"propertyName": "type"}}
    answer: Any = ("GET", 200, b"{}", {"200"})
    assert is_passed_over(misfit(several, told_apart), *answer, document={})
    assert not is_passed_over(misfit(several, told_apart), *answer)
    assert not is_passed_over(misfit(several, {"oneOf": [{}, {}]}), *answer, document={})
    assert not is_passed_over(misfit(none, told_apart), *answer, document={})
