"""Every refusal, in the toy vendor's shape: {code, reason, message, where}, and with its media type."""

from __future__ import annotations

import logging

import pytest

from .toy import PREFIX, Client, server

LONG = "a" * 5000


def refused(response, status: int, reason: str, where: str | None = None) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json;charset=utf-8"
    assert response.json()["reason"] == reason
    assert response.json()["code"] == str(status)
    if where is not None:
        assert response.json()["where"] == where


@pytest.mark.parametrize(
    "path", ["", "/", "/nope", "/notes/1/2", "//notes", "/notes//", "/Notes", "/%FF", f"/{LONG}", "/%00"]
)
def test_an_unknown_path_is_the_vendors_404_even_without_credentials(ask: Client, path: str) -> None:
    refused(ask.get(path, key=None), 404, "unknown_path")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_a_wrong_method_is_405_and_lists_all_that_are_possible(ask: Client, method: str) -> None:
    response = ask(method, PREFIX + "/notes", key=None)
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, POST"
    assert response.json()["reason"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/notes", "/notes/"])
def test_a_trailing_slash_changes_nothing_and_redirects_nowhere(ask: Client, path: str) -> None:
    assert ask.get(path).status_code == 200


def test_an_operation_that_is_not_built_is_the_vendors_501(ask: Client) -> None:
    refused(ask.get("/later"), 501, "not_implemented")


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("limit=abc", "limit"),
        ("limit=1_000", "limit"),
        ("limit=nan", "limit"),
        ("limit=", "limit"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=05", "limit"),
        ("limit=1.0", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("limit=\u0661".encode().decode("latin-1"), "limit"),
        ("limit=5&limit=5", "limit"),
        ("amountDue.value.gt=nan", "amountDue.value.gt"),
        ("amountDue.value.gt=1e400", "amountDue.value.gt"),
        ("amountDue.value.gt=Infinity", "amountDue.value.gt"),
        ("amountDue.value.gt=1_0", "amountDue.value.gt"),
        ("amountDue.value.gt=0x10", "amountDue.value.gt"),
        ("%40type=Letter", "@type"),
        ("urgent=yes", "urgent"),
        ("urgent=True", "urgent"),
        ("since=2026-02-30", "since"),
        ("since=yesterday", "since"),
        ("ids=1,x", "ids"),
        ("ids=1,2,3,4", "ids"),
        ("typeless=c", "typeless"),
        ("shared=x", "shared"),
        ("limit=%FF", "limit"),
        ("%FF=1", "query"),
        ("limit=5%00", "limit"),
        ("&".join(["a=1"] * 3000), "query"),
    ],
)
def test_a_query_parameter_that_does_not_fit_is_named(ask: Client, query: str, where: str) -> None:
    refused(ask.get(f"/notes?{query}"), 400, "malformed", where)


def test_a_header_parameter_that_does_not_fit_is_named(ask: Client) -> None:
    refused(ask.get("/notes", headers={"x-tenant": "one"}), 400, "malformed", "X-Tenant")


def test_an_unknown_query_parameter_is_ignored_unless_the_world_is_strict(ask: Client) -> None:
    assert ask.get("/notes?colour=red").status_code == 200
    response = ask("GET", f"/w/strict{PREFIX}/notes?colour=red")
    refused(response, 400, "malformed", "colour")
    assert "limit" in response.json()["message"]


@pytest.mark.parametrize(
    "n", ["abc", "1_0", "1.5", "9223372036854775808", "%0A1", "1%0A", "%FF", "nan", "--1", "%D9%A1"]
)
def test_a_path_parameter_that_is_not_a_number_is_400_not_404(ask: Client, n: str) -> None:
    refused(ask.get(f"/numbers/{n}"), 400, "malformed", "n")


@pytest.mark.parametrize(
    ("body", "reason", "where"),
    [
        (b"", "required", "body"),
        (b"  ", "required", "body"),
        (b"{", "malformed", "body"),
        (b"\xff\xfe{\x00}\x00", "malformed", "body"),
        (b'{"text":"\xff"}', "malformed", "body"),
        (b'{"text":"\\ud800"}', "malformed", "body"),
        (b'\xef\xbb\xbf{"text":"x"}', "malformed", "body"),
        (b'{"text":"x","amount":NaN}', "malformed", "body"),
        (b'{"text":"x","amount":1e400}', "malformed", "/amount"),
        (b'{"text":"x","amount":1e99999999999999999999}', "malformed", "/amount"),
        (b'{"text":"x","amount":' + b"9" * 9000 + b"}", "malformed", "body"),
        (b"[" * 100_000 + b"]" * 100_000, "malformed", "body"),
        (b"[" * 70 + b"]" * 70, "malformed", "body"),
        (b'{"a":' * 600 + b"1" + b"}" * 600, "malformed", "body"),
        (b"[]", "malformed", "body"),
        (b"null", "malformed", "body"),
        (b'{"text":5}', "malformed", "/text"),
        (b'{"text":"x","count":2147483648}', "malformed", "/count"),
        (b'{"text":"x","due":"2026-02-30"}', "malformed", "/due"),
        (b'{"text":"x","tag":{"name":""}}', "malformed", "/tag/name"),
        (b'{"text":"x","tag":{}}', "required", "/tag/name"),
        (b"{}", "required", "/text"),
        (b'{"text":"x","more":1}', "malformed", "body"),
        (b'{"text":"x"} trailing', "malformed", "body"),
    ],
)
def test_a_body_that_does_not_fit_is_400_and_says_where(ask: Client, body: bytes, reason: str, where: str) -> None:
    refused(ask.post("/notes", content=body, headers={"content-type": "application/json"}), 400, reason, where)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{}", "text is required in the body"),
        (b'{"text":"x","tag":{}}', "tag.name is required in the body"),
        (b'{"text":5}', "text in the body: the value is not of type"),
        (
            b'{"text":"x","amount":1e400}',
            "amount in the body: the number is out of range; it may have up to 330 digits",
        ),
        (b'{"more":[1.5,{"a b":[7,1e400]}]}', "more[1].a b[1] in the body: the number is out of range"),
        (b"1e400", "the body: the number is out of range"),
        (b'{"text":"x","amount":1e400', "the body is not valid JSON: Input data was truncated"),
        (b'{"text":1e400,"amount":"\xff"}', "the body is not UTF-8"),
    ],
)
def test_a_refusal_of_a_body_names_the_member_as_it_is_read(ask: Client, body: bytes, says: str) -> None:
    answer = ask.post("/notes", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert says in answer.text
    assert "- at `" not in answer.text


def test_a_refused_body_is_not_repeated_in_the_message(ask: Client) -> None:
    response = ask.post("/notes", json={"text": "hunter2" * 20})
    assert response.status_code == 400
    assert "hunter2" not in response.text


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "nonsense",
        "application/json; charset=utf-16",
    ],
)
def test_a_wrong_content_type_is_415(ask: Client, kind: str) -> None:
    refused(
        ask.post("/notes", content=b'{"text":"x"}', headers={"content-type": kind}),
        415,
        "unsupported_media_type",
        "Content-Type",
    )


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_every_spelling_of_json_is_taken(ask: Client, kind: str) -> None:
    assert ask.post("/notes", content=b'{"text":"x"}', headers={"content-type": kind}).status_code == 201


@pytest.mark.parametrize(
    "accept",
    [
        "*/*, application/json;q=0",
        "application/json;q=0.0, */*",
        "text/html",
        "application/xml, text/*",
        "application/json;q=0",
        "image/*;q=1, */*;q=0",
    ],
)
def test_what_the_client_does_not_accept_is_406(ask: Client, accept: str) -> None:
    refused(ask.get("/notes", headers={"accept": accept}), 406, "not_acceptable", "Accept")


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/*",
        "application/json",
        "application/json;charset=utf-8",
        "text/html, */*;q=0.1",
        "",
        "garbage",
        ";;,,",
    ],
)
def test_what_the_client_accepts_is_served(ask: Client, accept: str) -> None:
    assert ask.get("/notes", headers={"accept": accept}).status_code == 200


def test_a_body_over_one_mebibyte_is_413(ask: Client) -> None:
    refused(ask.post("/notes", content=b" " * (1024 * 1024 + 1)), 413, "too_large")


def test_a_body_of_exactly_one_mebibyte_is_read(ask: Client) -> None:
    body = b'{"text":"x"}'
    assert ask.post("/notes", content=body + b" " * (1024 * 1024 - len(body))).status_code == 201


# -- our own mistakes -------------------------------------------------------------------------------------------------


def test_an_exception_is_logged_once_and_not_disclosed(ask: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "counterfoil"):
        response = ask.get("/broken/raise")
    refused(response, 500, "internal")
    assert "secret" not in response.text
    assert len(caplog.records) == 1
    assert "RuntimeError: secret detail" in caplog.text


@pytest.mark.parametrize(
    ("how", "logged"),
    [
        ("shape", "#/id"),
        ("status", "status 202"),
        ("nan", "NaN"),
        ("float-nan", "#/amount"),
        ("object", "object"),
        ("surrogate", "surrogate"),
        ("media", "text/html"),
        ("empty", "empty"),
        ("bytes", "not JSON"),
        ("error-body", "error for 'conflict' breaks the spec"),
    ],
)
def test_an_answer_against_the_spec_is_our_500(
    ask: Client, caplog: pytest.LogCaptureFixture, how: str, logged: str
) -> None:
    with caplog.at_level(logging.ERROR, "counterfoil"):
        refused(ask.get(f"/broken/{how}"), 500, "internal")
    assert logged in caplog.text
    assert len(caplog.records) == 1


def test_a_required_header_that_is_missing_or_wrong_is_our_500(ask: Client, caplog: pytest.LogCaptureFixture) -> None:
    for shared, logged in ((13, "the header x-total-count is missing"), (14, "x-total-count must be a whole number")):
        caplog.clear()
        refused(ask.get(f"/notes?shared={shared}"), 500, "internal")
        assert logged in caplog.text
        assert caplog.records[0].exc_info is None, "a breach of the spec needs no trace"


def test_a_body_that_is_not_utf8_is_refused(ask: Client) -> None:
    assert ask.post("/notes", content=b'{"text":"\xff"}').json()["message"] == "the body is not UTF-8"


def test_an_error_that_cannot_even_be_rendered_is_a_plain_problem(ask: Client) -> None:
    response = ask.get("/broken/error-crash")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"


def test_a_refusal_may_have_a_status_the_spec_does_not_list(ask: Client) -> None:
    refused(ask.get("/broken/teapot"), 418, "conflict")


@pytest.mark.parametrize("how", ["good-bytes", "nulls"])
def test_bytes_and_nulls_that_fit_pass(ask: Client, how: str) -> None:
    assert ask.get(f"/broken/{how}").status_code == 200


def test_a_decimal_keeps_its_digits(ask: Client) -> None:
    assert b'"amount":12.300' in ask.get("/broken/exact").content


def test_without_response_validation_the_wrong_shape_goes_out_but_never_nan() -> None:
    lax = Client(server(validate_responses=False))
    assert lax.get("/broken/shape").json()["id"] == 7
    assert lax.get("/broken/status").status_code == 202
    assert lax.get("/broken/nan").status_code == 500
    assert b"NaN" not in lax.get("/broken/float-nan").content
    assert lax.get("/broken/surrogate").status_code == 500
