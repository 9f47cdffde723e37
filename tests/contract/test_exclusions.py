"""The exclusions of conformance are narrow: a failure that only resembles an excluded one is a finding."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from counterfoil.contract.conformance.discriminators import Discriminators
from counterfoil.contract.conformance.exclusions import EXCLUSIONS
from counterfoil.contract.conformance.invalid_parameters import InvalidParameters
from counterfoil.contract.conformance.overlaps import Overlaps
from counterfoil.contract.conformance.path_texts import PathTexts
from counterfoil.contract.conformance.taken_ids import TakenIds
from counterfoil.contract.conformance.whole_floats import WholeFloats

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
    body: Any = None,
    sent: Any = None,
    query: Any = None,
    request_body: Any = None,
    url: str = "http://127.0.0.1/",
) -> bool:
    raw: Any = {"responses": {status: {} for status in documented}, "requestBody": request_body or {}}
    schema = SimpleNamespace(raw_schema=document)
    operation = SimpleNamespace(method="get", definition=SimpleNamespace(raw=raw), schema=schema)
    case = SimpleNamespace(
        method=method, operation=operation, media_type=media_type, body=body, headers=sent, query=query, cookies=None
    )
    response = SimpleNamespace(status_code=status, content=content, headers={}, request=SimpleNamespace(url=url))
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
    ("message", "passed_over"),
    [
        ("in header - object with unexpected properties", True),
        ("in cookie - object with unexpected properties", True),
        ("parameter `Version` in header - object with unexpected properties", False),
        ("in header - object with unexpected properties, violates `type`", False),
        ("in body - object with unexpected properties", False),
    ],
)
def test_only_an_unknown_header_may_be_accepted(message: str, passed_over: bool) -> None:
    failure = accepted(f"Invalid data should have been rejected\nInvalid component: {message}")
    assert is_passed_over(failure, "GET", 200, b"[]", {"200"}) is passed_over


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


FORM = "application/x-www-form-urlencoded"


def refused() -> Any:
    return type("RejectedPositiveData", (), {"message": ""})()


@pytest.mark.parametrize(
    ("message", "media_type", "passed_over"),
    [
        ("in body - tags: Incorrect type", FORM, True),
        ("in body - violates `type` in /tags", FORM, True),
        ("in body - violates `type` (was string, became boolean)", "image/jpeg", True),
        ("in body - incorrect type", "image/jpeg", True),
        ("in body - tags: Incorrect type", "application/json", False),
        ("in body - violates `type`, violates `maximum` in /tags", FORM, False),
        ("in query - tags: Incorrect type", FORM, False),
    ],
)
def test_a_form_has_texts_only(message: str, media_type: str, passed_over: bool) -> None:
    assert is_passed_over(accepted(message), "POST", 201, b"{}", {"201"}, media_type=media_type) is passed_over


def test_a_form_cannot_say_that_a_list_is_empty() -> None:
    assert is_passed_over(refused(), "POST", 400, b"{}", {"400"}, media_type=FORM, body={"name": "Leo", "tags": []})
    assert not is_passed_over(refused(), "POST", 400, b"{}", {"400"}, media_type=FORM, body={"name": "Leo"})
    assert not is_passed_over(refused(), "POST", 400, b"{}", {"400"}, body={"name": "Leo", "tags": []})


def test_a_form_is_no_list() -> None:
    multipart = "multipart/mixed"
    assert is_passed_over(refused(), "PATCH", 400, b"{}", {"400"}, media_type=multipart, body=[{"op": "add"}])
    assert not is_passed_over(refused(), "PATCH", 400, b"{}", {"400"}, media_type=multipart, body={"op": "add"})
    assert not is_passed_over(refused(), "PATCH", 400, b"{}", {"400"}, body=[{"op": "add"}])


def test_a_form_without_fields_is_no_body() -> None:
    failure = accepted("Missing required property: name in body")
    for required, passed_over in (({}, True), ({"required": True}, False)):
        found = is_passed_over(failure, "POST", 201, b"{}", {"201"}, media_type=FORM, body={}, request_body=required)
        assert found is passed_over
    assert not is_passed_over(failure, "POST", 201, b"{}", {"201"}, media_type=FORM, body={"age": "3"})
    assert not is_passed_over(failure, "POST", 201, b"{}", {"201"}, body={})


def test_a_form_cannot_write_an_object_without_members() -> None:
    failure = accepted("Invalid data\nInvalid component: owner -> tax -> Missing required property: rate")

    def passed_over(body: Any, media_type: str = FORM) -> bool:
        return is_passed_over(failure, "POST", 201, b"{}", {"201"}, media_type=media_type, body=body)

    assert passed_over({"name": "Leo", "owner": {"tax": {}}})
    assert not passed_over({"name": "Leo", "owner": {"tax": {"country": "NL"}}}), "the form has an owner[tax][country]"
    assert not passed_over({"name": "Leo", "owner": {"tax": {}}}, "application/json")


def test_a_form_cannot_break_the_least_number_of_a_lists_items_by_having_none() -> None:
    failure = accepted("in body - tags: Array with fewer items than allowed by minItems")
    assert is_passed_over(failure, "POST", 201, b"{}", {"201"}, media_type=FORM, body={"name": "Leo", "tags": []})
    assert not is_passed_over(
        failure, "POST", 201, b"{}", {"201"}, media_type=FORM, body={"name": "Leo", "tags": ["a"]}
    )
    assert not is_passed_over(failure, "POST", 201, b"{}", {"201"}, body={"name": "Leo", "tags": []})


def test_no_content_has_no_body_whatever_an_own_document_says() -> None:
    missing = type("MissingContentType", (), {"message": ""})()
    assert is_passed_over(missing, "POST", 204, b"", {"204"}, document={})
    assert not is_passed_over(missing, "POST", 204, b"", {"204"})
    assert not is_passed_over(missing, "POST", 200, b"", {"200"}, document={})
    assert not is_passed_over(missing, "POST", 204, b"{}", {"204"}, document={})


@pytest.mark.parametrize(("name", "passed_over"), [("Content-Type", True), ("Accept", True), ("X-Tenant", False)])
def test_the_declaration_of_some_headers_is_ignored(name: str, passed_over: bool) -> None:
    said = f"Got 200 when missing required '{name}' header, expected 400"
    missing = type("MissingHeaderNotRejected", (), {"message": said})()
    other = accepted(f"parameter `{name}` in header - invalid enum value")
    for failure in (missing, accepted(f"Missing `{name}` at header"), other):
        assert is_passed_over(failure, "GET", 200, b"{}", {"200"}, document={}) is passed_over
        assert not is_passed_over(failure, "GET", 200, b"{}", {"200"})


def test_a_body_that_is_too_large_was_refused() -> None:
    assert is_passed_over(accepted("in body - items: more items"), "POST", 413, b"{}", {"201"})
    assert not is_passed_over(accepted("in body - items: more items"), "POST", 201, b"{}", {"201"})


def test_the_methods_of_paths_of_one_shape_are_allowed_together() -> None:
    paths: Any = {"/pets/{a}": {"get": {}}, "/pets/{b}": {"put": {}}, "/pets": {"post": {}}}
    failure = type("AllowHeader", (), {"message": "`Allow: GET, PUT` does not match"})()

    def passed_over(document: Any, allow: str) -> bool:
        schema = SimpleNamespace(raw_schema=document)
        operation = SimpleNamespace(method="get", path="/pets/{a}", definition=SimpleNamespace(raw={}), schema=schema)
        case = SimpleNamespace(
            method="OPTIONS", operation=operation, media_type=None, headers=None, query=None, body=None
        )
        response = SimpleNamespace(status_code=405, content=b"{}", headers={"allow": [allow]})
        return any(exclusion.applies(failure, case, response) for exclusion in EXCLUSIONS)

    assert passed_over({"paths": paths}, "GET, HEAD, PUT")
    assert not passed_over({"paths": paths}, "GET, POST, PUT")
    assert not passed_over({"paths": {"/pets/{a}": {"get": {}}}}, "GET, PUT")
    assert not passed_over({"paths": paths, **OURS}, "GET, PUT")


def test_what_one_path_must_not_hold_another_of_its_shape_may() -> None:
    paths: Any = {"/pets/{name}": {"get": {}}, "/pets/{number}": {"get": {}}, "/pets": {"post": {}}}

    def passed_over(message: str, *, document: Any, is_negative: bool = True, path: str = "/pets/{name}") -> bool:
        failure = type("AcceptedNegativeData", (), {"message": message})()
        operation = SimpleNamespace(
            method="get", path=path, definition=SimpleNamespace(raw={}), schema=SimpleNamespace(raw_schema=document)
        )
        meta = SimpleNamespace(generation=SimpleNamespace(mode=SimpleNamespace(is_negative=is_negative)))
        case = SimpleNamespace(
            method="GET", operation=operation, media_type=None, headers=None, query=None, body=None, meta=meta
        )
        response = SimpleNamespace(status_code=200, content=b"{}", headers={})
        return any(exclusion.applies(failure, case, response) for exclusion in EXCLUSIONS)

    in_path, in_query = "parameter `name` in path - incorrect type", "parameter `size` in query - incorrect type"
    assert passed_over(in_path, document={"paths": paths})
    assert not passed_over(in_query, document={"paths": paths})
    assert not passed_over(in_path, document={"paths": paths}, is_negative=False)
    assert not passed_over(in_path, document={"paths": {"/pets/{name}": {"get": {}}}})
    assert not passed_over(in_path, document={"paths": paths, **OURS})


def test_a_path_has_the_methods_of_all_paths_of_its_shape() -> None:
    paths: Any = {"/pets/{name}": {"get": {}}, "/pets/{number}": {"get": {}, "post": {}}, "/pets": {"put": {}}}

    def passed_over(method: str, document: Any) -> bool:
        failure = type("UnsupportedMethodResponse", (), {"message": "", "allow_header_present": True})()
        schema, definition = SimpleNamespace(raw_schema=document), SimpleNamespace(raw={})
        operation = SimpleNamespace(method="get", path="/pets/{name}", definition=definition, schema=schema)
        case = SimpleNamespace(method=method, operation=operation, media_type=None, headers=None, query=None, body=None)
        response = SimpleNamespace(status_code=400, content=b"{}", headers={})
        return any(exclusion.applies(failure, case, response) for exclusion in EXCLUSIONS)

    assert passed_over("POST", {"paths": paths})
    assert not passed_over("PUT", {"paths": paths}), "no path of that shape has it"
    assert not passed_over("POST", {"paths": paths, **OURS})


def test_a_query_cannot_say_that_a_list_is_empty() -> None:
    assert is_passed_over(refused(), "GET", 400, b"{}", {"400"}, query={"tags": []})
    assert is_passed_over(refused(), "GET", 422, b"{}", {"422"}, query={"where": {}})
    assert not is_passed_over(refused(), "GET", 400, b"{}", {"400"}, query={"tags": ["a"], "name": ""})


@pytest.mark.parametrize(
    ("status", "letters", "passed_over"), [(414, 8000, True), (413, 8000, True), (414, 7000, False), (400, 8000, False)]
)
def test_a_url_that_no_server_has_to_take_may_be_refused(status: int, letters: int, passed_over: bool) -> None:
    url, other = f"http://127.0.0.1/pets/{'a' * letters}", type("UndefinedContentType", (), {"message": ""})()
    for failure in (refused(), other):
        assert is_passed_over(failure, "GET", status, b"{}", {"400"}, url=url) is passed_over


def test_a_list_of_objects_in_a_form_was_written_wrongly_by_schemathesis() -> None:
    assert is_passed_over(refused(), "POST", 400, b"{}", {"400"}, media_type=FORM, body={"pets": [{"name": "Leo"}]})
    assert not is_passed_over(refused(), "POST", 400, b"{}", {"400"}, media_type=FORM, body={"pet": {"name": "Leo"}})
    assert not is_passed_over(refused(), "POST", 400, b"{}", {"400"}, body={"pets": [{"name": "Leo"}]})


def test_a_refused_request_that_the_document_does_not_allow_was_rightly_refused() -> None:
    version: Any = {"name": "Version", "in": "header", "schema": {"$ref": "#/components/schemas/Day"}}
    day: Any = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"}
    pets: Any = {"parameters": [version], "get": {"responses": {}}}
    document: Any = {"openapi": "3.0.3", "paths": {"/pets": pets}, "components": {"schemas": {"Day": day}}}

    def explained(document: Any, value: str, failure: Any) -> bool:
        operation = SimpleNamespace(method="get", path="/pets")
        case = SimpleNamespace(method="GET", operation=operation, headers={"version": value}, query=None)
        return InvalidParameters(document).explain(failure, case)

    assert explained(document, "0", refused())
    assert not explained(document, "2026-01", refused()), "it is valid, and was refused"
    assert not explained(document, "0", accepted("in header")), "it is not valid, and was taken"
    assert not explained(None, "0", refused()), "an API of the catalog"


def test_a_query_has_no_null() -> None:
    number: Any = {"type": "string", "nullable": True, "pattern": "^[0-9]+$"}
    tags: Any = {"name": "tags", "in": "query", "schema": {"type": "array", "items": number, "maxItems": 3}}
    sizes: Any = {
        "name": "sizes",
        "in": "query",
        "schema": {"type": "array", "items": {"type": "integer", "nullable": True}},
    }
    size: Any = {"name": "size", "in": "query", "schema": number}
    pets: Any = {"get": {"parameters": [tags, sizes, size], "responses": {}}}
    document: Any = {"openapi": "3.0.3", "paths": {"/pets": pets}}

    def explained(query: Any) -> bool:
        operation = SimpleNamespace(method="get", path="/pets")
        case = SimpleNamespace(method="GET", operation=operation, headers=None, query=query, media_type=None, body=None)
        return InvalidParameters(document).explain(refused(), case)

    assert explained({"tags": ["1", "null"]})
    assert explained({"tags": ["1", None]})
    assert explained({"sizes": ["1", "null"]})
    assert explained({"size": "null"})
    assert not explained({"tags": ["1", "2"]})
    assert not explained({"tags": ["1", "two", "null"]}), "more than null is wrong"
    assert not explained({"tags": ["null", "1", "2", "3"]}), "more than null is wrong"
    number["nullable"] = False
    assert not explained({"tags": ["1", "null"]})


def test_a_body_was_rightly_refused_if_only_a_format_is_wrong_with_it() -> None:
    mail: Any = {
        "type": "object",
        "properties": {
            "to": {"type": "string", "format": "email"},
            "copies": {"type": "integer"},
            "at": {
                "oneOf": [{"type": "string", "format": "date-time"}, {"type": "array", "items": {"type": "integer"}}]
            },
        },
    }
    described: Any = {"content": {"application/json": {"schema": mail}}}
    document: Any = {"openapi": "3.0.3", "paths": {"/mails": {"post": {"requestBody": described, "responses": {}}}}}

    def explained(sent: Any) -> bool:
        operation = SimpleNamespace(method="post", path="/mails")
        case = SimpleNamespace(
            method="POST", operation=operation, headers=None, query=None, body=sent, media_type="application/json"
        )
        return InvalidParameters(document).explain(refused(), case)

    assert explained({"to": "", "copies": 1}), "an empty text is not an address"
    assert not explained({"to": "leo@example.com"}), "it is valid, and was refused"
    assert not explained({"to": "", "copies": "two"}), "more than a format is wrong"
    assert explained({"at": ""}), "it fits none of the alternatives"
    assert not explained({"at": "2026-01-31T09:00:00Z"})
    assert not explained({"at": ["nine"]})


def test_an_object_that_is_json_twice_in_a_header_was_written_wrongly_by_schemathesis() -> None:
    assert is_passed_over(refused(), "GET", 400, b"{}", {"400"}, sent={"theme": '"{\\"a\\": 1}"'})
    assert not is_passed_over(refused(), "GET", 400, b"{}", {"400"}, sent={"theme": '{"a": 1}'})


def test_what_a_taken_id_explains_is_the_refusal_of_that_id() -> None:
    def case(id: Any, path: Any = None, name: str = "/pets") -> Any:
        operation = SimpleNamespace(path=name)
        return SimpleNamespace(
            method="POST", operation=operation, body={"pet": {"id": id}}, path_parameters=path, query=None
        )

    places: Any = ["/pets", ["pet", "id"], ["id"]]
    taken = TakenIds(
        {"POST /pets": places, "POST /pets/strays": places, "POST /cars": ["/cars", ["pet", "id"], ["id"]]},
        created=["/pets/Grey%20Wolf"],
    )
    no = SimpleNamespace(status_code=422, content=b"")
    assert not taken.explain(refused(), case(7), no)
    taken.note(case(7), SimpleNamespace(status_code=201, content=b'{"id": 9}'))
    taken.note(case(8), SimpleNamespace(status_code=400, content=b"{}"))
    assert taken.explain(refused(), case(7), no)
    assert taken.explain(refused(), case(9), no), "the id in the answer counts, too"
    assert not taken.explain(refused(), case(8), no), "it was refused"
    assert taken.explain(refused(), case(7, name="/pets/strays"), no), "it creates a pet, too"
    assert not taken.explain(refused(), case(7, name="/cars"), no), "it creates no pet"
    assert taken.explain(refused(), case("Grey Wolf"), no), "a law created it before"
    assert not taken.explain(refused(), case(7, {"shop": 1}), no), "at another shop"
    assert not taken.explain(accepted("in body - violates `type` in /id"), case(7), no)


def test_alternatives_that_overlap_within_another_alternative_are_a_note_too() -> None:
    fixed: Any = {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "integer"}}}
    price: Any = {"oneOf": [fixed, {"type": "object"}]}
    answer: Any = {"anyOf": [{"type": "string"}, price]}
    described = {"200": {"description": "", "content": {"application/json": {"schema": answer}}}}
    document: Any = {"openapi": "3.1.0", "paths": {"/price": {"get": {"responses": described}}}}
    said = "... is not valid under any of the schemas listed in the 'anyOf' keyword"
    failure = type("JsonSchemaError", (), {"message": f"{said}\n\nSchema:\n", "validation_message": said})()
    case = SimpleNamespace(method="GET", operation=SimpleNamespace(method="get", path="/price"))

    def place(content: bytes) -> str | None:
        return Overlaps(document).place(failure, case, SimpleNamespace(status_code=200, content=content))

    assert place(b'{"amount": 3}') == "GET /price, its answer's schema"
    assert place(b"7") is None, "it fits no alternative"
    assert place(b'{"amount": "three"}') is None, (
        "it fits one alternative: nothing is wrong, and so nothing is explained"
    )


def test_two_point_zero_may_be_refused_where_openapi_3_0_wants_an_integer_and_nowhere_else() -> None:
    body: Any = {"type": "object", "properties": {"floors": {"type": "integer"}, "height": {"type": "number"}}}
    described: Any = {"required": True, "content": {"application/json": {"schema": body}}}
    paths: Any = {"/towers": {"post": {"requestBody": described, "responses": {}}}}

    def explained(sent: Any, status: int = 422, version: str = "3.0.3", is_ours: bool = False) -> bool:
        operation = SimpleNamespace(method="post", path="/towers")
        case = SimpleNamespace(method="POST", operation=operation, body=sent, media_type="application/json")
        response = SimpleNamespace(status_code=status)
        document = None if is_ours else {"openapi": version, "paths": paths}
        return WholeFloats(document).explain(refused(), case, response)

    assert explained({"floors": 2.0})
    assert not explained({"floors": 2, "height": 30.0}), "a height of 30.0 is a number in every draft"
    assert not explained({"floors": 2.0, "height": "tall"}), "something else is wrong with it, too"
    assert not explained({"floors": 2.0}, status=500)
    assert not explained({"floors": 2.0}, version="3.1.0"), "2020-12 says that it is an integer"
    assert not explained({"floors": 2.0}, is_ours=True), "an API of the catalog"


def test_alternatives_that_overlap_are_a_note_only_if_nothing_else_is_wrong() -> None:
    pet: Any = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    answer: Any = {"oneOf": [pet, {"type": "object"}]}
    described = {"200": {"description": "", "content": {"application/json": {"schema": answer}}}}
    document: Any = {"openapi": "3.0.3", "paths": {"/pet": {"get": {"responses": described}}}}
    said = "... is valid under more than one of the schemas listed in the 'oneOf' keyword"
    message = f"{said}\n\nSchema at /components/schemas/Pet:\n\n    {{}}"
    failure = type("JsonSchemaError", (), {"message": message, "validation_message": said})()
    case = SimpleNamespace(method="GET", operation=SimpleNamespace(method="get", path="/pet"))

    def place(document: Any, content: bytes) -> str | None:
        return Overlaps(document).place(failure, case, SimpleNamespace(status_code=200, content=content))

    assert place(document, b'{"name": "Leo"}') == "/components/schemas/Pet"
    assert place(document, b"[1]") is None, "it fits no alternative"
    assert place(None, b'{"name": "Leo"}') is None, "an API of the catalog"


def test_a_request_that_fits_several_alternatives_is_passed_over_only_if_nothing_else_is_wrong() -> None:
    number: Any = {"oneOf": [{"type": "integer"}, {"type": "number"}]}
    body: Any = {"type": "object", "properties": {"unit": {"type": "string"}}, "additionalProperties": number}
    described = {"required": True, "content": {"application/json": {"schema": body}}}
    document: Any = {"openapi": "3.0.3", "paths": {"/sum": {"post": {"requestBody": described, "responses": {}}}}}

    def place(sent: Any, document: Any = document, said: str = "a -> Missing required property: b") -> str | None:
        operation = SimpleNamespace(method="post", path="/sum")
        case = SimpleNamespace(method="POST", operation=operation, body=sent)
        return Overlaps(document).request_place(accepted(said), case)

    assert place({"a": 2}) == "POST /sum, its body", "2 is an integer and a number"
    assert place({"a": 2}, said="in body - Object with invalid additional property") == "POST /sum, its body"
    assert place({"a": 2}, said="parameter `x` in query - Incorrect type") is None, "not its body was to be refused for"
    assert place({"a": 2.5}) is None, "2.5 is a number only: nothing is wrong, and so nothing is explained"
    assert place({"a": 2, "unit": 3}) is None, "its unit is to be a text"
    assert place({"a": "two"}) is None, "it fits no alternative"
    assert place({"a": 2}, None) is None, "an API of the catalog"


def zoo(lion: Any) -> Any:
    """A document whose response is a cage with a tenant and a neighbour; each is a Lion or a Bear, according to its kind."""
    bear: Any = {"type": "object", "properties": {"kind": {"type": "string"}}}
    animal: Any = {
        "oneOf": [{"$ref": "#/components/schemas/Lion"}, {"$ref": "#/components/schemas/Bear"}],
        "discriminator": {"propertyName": "kind"},
    }
    cage = {"type": "object", "properties": {"tenant": animal, "neighbours": {"type": "array", "items": animal}}}
    described = {"200": {"description": "", "content": {"application/json": {"schema": cage}}}}
    return {
        "openapi": "3.0.3",
        "paths": {"/cage": {"get": {"responses": described}}},
        "components": {"schemas": {"Lion": {"type": "object", "properties": {"kind": lion}}, "Bear": bear}},
    }


def test_a_discriminator_that_the_document_contradicts_is_a_note_and_hides_no_wrong_value() -> None:
    contradicting = zoo({"type": "string", "enum": ["lion"]})

    def tried(document: Any, content: str) -> tuple[str | None, str]:
        failure = type("DiscriminatorMismatch", (), {"message": "value 'lion'"})()
        case = SimpleNamespace(method="GET", operation=SimpleNamespace(method="get", path="/cage"))
        answer = SimpleNamespace(status_code=200, content=content.encode())
        return Discriminators(document).contradiction(failure, case, answer), failure.message

    note, _ = tried(contradicting, '{"tenant": {"kind": "lion"}, "neighbours": [{"kind": "Bear"}]}')
    assert note is not None
    assert "Lion lists 'lion' for 'kind', and the discriminator knows only Bear, Lion" in note
    note, told = tried(contradicting, '{"tenant": {"kind": "lion"}, "neighbours": [{"kind": "Bear"}, {"kind": "cat"}]}')
    assert note is None
    assert "'cat'" in told, "the finding names the value that no schema lists"
    assert tried(zoo({"type": "string"}), '{"tenant": {"kind": "lion"}}')[0] is None, "Lion could be called that"
    both = zoo({"type": "string", "enum": ["lion", "Lion"]})
    assert tried(both, '{"tenant": {"kind": "lion"}}')[0] is None, "there is a value that fits both"
    assert tried(None, '{"tenant": {"kind": "lion"}}')[0] is None, "an API of the catalog"


def test_a_cursor_that_the_target_did_not_give_may_be_refused() -> None:
    def case(query: Any, body: Any = None) -> Any:
        return SimpleNamespace(method="GET", operation=SimpleNamespace(path="/pets"), query=query, body=body)

    given = TakenIds({}, {"GET /pets": ["after", "page.cursor"]})
    assert given.explain(refused(), case({"after": "x"}), SimpleNamespace(status_code=400))
    assert given.explain(refused(), case({}, {"after": "x"}), SimpleNamespace(status_code=400)), (
        "a search has it in its body"
    )
    assert given.explain(refused(), case({}, {"page": {"cursor": "x"}}), SimpleNamespace(status_code=400))
    assert not given.explain(refused(), case({}, {"pet": {"after": "x"}}), SimpleNamespace(status_code=400))
    assert not given.explain(refused(), case({"limit": 1}), SimpleNamespace(status_code=400))
    assert not given.explain(refused(), case({"after": "x"}), SimpleNamespace(status_code=500))


def test_a_precondition_may_fail() -> None:
    assert is_passed_over(refused(), "PUT", 412, b"{}", {"412"}, sent={"If-Match": '"x"'})
    assert not is_passed_over(refused(), "PUT", 412, b"{}", {"412"})
    assert not is_passed_over(refused(), "PUT", 400, b"{}", {"412"}, sent={"If-Match": '"x"'})
    undocumented = type("UndefinedStatusCode", (), {"message": ""})()
    assert is_passed_over(undocumented, "PUT", 412, b"{}", {"200"}, document={}, sent={"If-Match": '"x"'})
    assert not is_passed_over(undocumented, "PUT", 412, b"{}", {"200"}, document={})
    assert not is_passed_over(undocumented, "PUT", 412, b"{}", {"200"}, sent={"If-Match": '"x"'})


WORDS = {"type": "array", "items": {"type": "string", "maxLength": 4}}
NUMBERS = {"type": "array", "items": {"type": "integer"}}
POINT = {"type": "object", "properties": {"x": {"type": "integer"}}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "style", "explode", "sent", "passed_over"),
    [
        (WORDS, "matrix", False, ";p=0.5", True),
        (WORDS, "matrix", True, ";p=true;p=0", True),
        (WORDS, "matrix", False, ";p=false", False),
        (WORDS, "label", True, ".true", True),
        (NUMBERS, "matrix", False, ";p=5", True),
        (NUMBERS, "matrix", False, ";p=0.5", False),
        (NUMBERS, "label", True, ".0.5", True),
        (NUMBERS, "simple", False, "AAA", False),
        (POINT, "simple", False, "x,5", True),
        (POINT, "simple", False, "x,AAA", False),
        (POINT, "label", True, ".=5", False),
        ({"type": "integer"}, "matrix", False, ";p=AAA", False),
    ],
)
def test_a_text_in_a_path_is_a_list_or_an_object_where_it_reads_as_one(
    schema: Any, style: str, explode: bool, sent: str, passed_over: bool
) -> None:
    parameter = {"name": "p", "in": "path", "style": style, "explode": explode, "schema": schema}
    document = {"openapi": "3.0.3", "paths": {"/a/{p}": {"get": {"parameters": [parameter]}}}}
    operation = SimpleNamespace(path="/a/{p}", method="get")
    case = SimpleNamespace(operation=operation, path_parameters={"p": sent})
    failure = type(
        "AcceptedNegativeData", (), {"message": "x\nInvalid component: parameter `p` in path - incorrect type"}
    )
    assert PathTexts(document).explain(failure(), case) is passed_over
    failure.message += ", parameter `q` in query - incorrect type"
    assert not PathTexts(document).explain(failure(), case), "something else is wrong, too"
