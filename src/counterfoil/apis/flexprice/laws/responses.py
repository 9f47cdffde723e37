"""Laws about ids, headers, credentials and error responses."""

from __future__ import annotations

from collections.abc import Mapping

from counterfoil.apis.flexprice.laws.requests import CODES, OPTIONS, SECURITY, SMALLEST_READ, SUMMARY, UNKNOWN_ID, fetch
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import quoted
from counterfoil.contract.laws import auth, errors
from counterfoil.contract.response import Response


def unknown_id_is_empty(ctx: LawContext) -> None:
    """An unknown id gives 200 with that id, an empty default currency and no summaries."""
    for customer in (UNKNOWN_ID, "x", "cust_", "0", "cust_00000000"):
        ctx.cases += 1
        answer = ctx.request_json(SUMMARY, path={"id": customer})
        want = {"customer_id": customer, "default_currency": "", "summaries": []}
        ctx.expect(answer == want, f"{want}", answer)


def any_id_is_accepted(ctx: LawContext) -> None:
    """Any text that is one path segment is accepted as an id: 200, and it is returned as sent."""
    from hypothesis import strategies as st

    listed = [
        "a b",
        "100%",
        "%2",
        "Größe",
        "客",
        "a+b",
        "null",
        "ä%20b",
        "CUST_00000001",
        "cust_１",
        "-1",
        "a?b#c",
        "{id}",
    ]
    plain = st.text("abcXYZ019_-~!$&'()*+,;=:@", min_size=1, max_size=20)

    def is_accepted(customer: str) -> None:
        answer = ctx.request_json(SUMMARY, path={"id": customer})
        ctx.expect(answer.get("customer_id") == customer, f"customer_id {quoted(customer)}", answer)

    ctx.for_each(listed, is_accepted)
    ctx.for_all(plain, is_accepted)


def _every_kind(ctx: LawContext) -> list[Response]:
    """A response of every kind except OPTIONS: known id, unknown id, refused, unknown path."""
    known = ctx.client.target.known.get("id", ())
    return [
        *(ctx.request(SUMMARY, path={"id": customer}) for customer in known[:1]),
        SMALLEST_READ.send(ctx),
        SMALLEST_READ.send(ctx, None),
        ctx.request("GET /counterfoil-knows-nothing"),
    ]


def _may_read(ctx: LawContext) -> bool:
    """Whether pages of any origin may read the responses: always, unless the target's switch says otherwise."""
    return ctx.switch("flexprice.cors") != "none"


def _expected_headers(ctx: LawContext) -> Mapping[str, str]:
    return {name: value for name, value in SECURITY.items() if _may_read(ctx) or not name.startswith("Access-Control")}


def security_headers(ctx: LawContext) -> None:
    """Every response except to OPTIONS, errors too, has the security headers, and any origin may read it.

    The vendor answers OPTIONS before its security headers are added, and its policy has further directives.
    """
    for response in _every_kind(ctx):
        ctx.cases += 1
        for name, value in _expected_headers(ctx).items():
            got = response.headers.get(name, "")
            sent, expected = ({part.strip() for part in text.split(";")} for text in (got, value))
            holds = expected <= sent if name == "Content-Security-Policy" else got == value
            ctx.expect(holds, f"{name}: {value} on {response.status}", got or "no such header")


def request_id_echoed(ctx: LawContext) -> None:
    """A request id of up to 128 letters, digits, dots, underscores and hyphens is returned, on errors too. A request with any
    other id, or none, gets a new unique id, even if the request is repeated."""
    unknown = "GET /counterfoil-knows-nothing"
    for sent in ("counterfoil-1", "ABC_def.123", "8c2f9d1e-0000-4000-8000-1234567890ab", "x" * 128):
        headers = {"X-Request-ID": sent}
        for response in (
            ctx.request(SUMMARY, path={"id": UNKNOWN_ID}, headers=headers),
            ctx.request(SUMMARY, path={"id": UNKNOWN_ID}, headers=headers, token=None),
            ctx.request(unknown, headers=headers),
        ):
            ctx.cases += 1
            got = response.headers.get("X-Request-ID")
            ctx.expect(got == sent, f"X-Request-ID {sent} on {response.status}", got)
    made = [
        *(ctx.request(SUMMARY, path={"id": UNKNOWN_ID}).headers.get("X-Request-ID") for _ in range(2)),
        ctx.request(SUMMARY, path={"id": UNKNOWN_ID}, token=None).headers.get("X-Request-ID"),
        ctx.request(unknown).headers.get("X-Request-ID"),
    ]
    for refused in ("a@b", "x" * 129):
        response = ctx.request(SUMMARY, path={"id": UNKNOWN_ID}, headers={"X-Request-ID": refused})
        made.append(response.headers.get("X-Request-ID"))
        ctx.expect(made[-1] != refused, f"another X-Request-ID than {refused[:20]}", made[-1])
    ctx.expect(all(made) and len(set(made)) == len(made), "an X-Request-ID of its own for each request", made)


def accept_is_ignored(ctx: LawContext) -> None:
    """Whatever the client accepts, the response is JSON: there is no 406."""
    for accept in ("application/xml", "text/html;q=0.9", "application/json;q=0", "nonsense"):
        ctx.cases += 1
        response = SMALLEST_READ.send(ctx, headers={"Accept": accept})
        ctx.json_body(response)
        ctx.expect(response.media_type == "application/json", "application/json", response.media_type)


def exact_body(status: int, *bodies: Mapping[str, str]) -> auth.BodyCheck:
    def shape(response: Response) -> str | None:
        if response.media_type != "application/json":
            return f"{response.status} as {response.media_type}: {response.brief(80)}"
        return None if response.body in bodies else f"{response.body}, not {' or '.join(map(str, bodies))}"

    return shape


UNAUTHORIZED = {"error": "Unauthorized"}
WRONG_SCHEME = {"error": "Invalid authorization header format"}
INVALID = ({"error": "Invalid token"}, {"error": "Invalid token claims"})


def authorization_refused(ctx: LawContext) -> None:
    """An Authorization without Bearer gives 401 Invalid authorization header format, a bad token 401 Invalid token."""
    for header in ("Basic YTpi", "Token abc", "abc", "bearer abc"):
        ctx.cases += 1
        response = SMALLEST_READ.send(ctx, None, {"Authorization": header})
        auth.expect_error(ctx, response, 401, exact_body(401, WRONG_SCHEME))
    for header in (f"Bearer {ctx.wrong_token}", "Bearer a.b.c", f"Bearer  {ctx.wrong_token}"):
        ctx.cases += 1
        auth.expect_error(ctx, SMALLEST_READ.send(ctx, None, {"Authorization": header}), 401, exact_body(401, *INVALID))


def forbidden_body(response: Response) -> str | None:
    """``{error, message}`` or ``{message}``, and not the declared error body."""
    mismatch = errors.members("message")(response)
    extra = set(response.body) - {"error", "message"} if mismatch is None else set()
    return mismatch or (f"members {sorted(extra)} beside message and error" if extra else None)


def not_routed(response: Response) -> str | None:
    good = response.media_type == "text/plain" and response.text.strip() == "404 page not found"
    return None if good else f"{response.media_type}: {response.brief(80)}"


def unknown_paths(ctx: LawContext) -> None:
    """An unknown path gives 404 with the plain text 404 page not found, with a credential or without."""
    for path in ("/customers/x/invoices", "/customers/x/invoices/summary/more", "/counterfoil-knows-nothing"):
        for token in ({}, {"token": None}):
            ctx.cases += 1
            auth.expect_error(ctx, ctx.request(f"GET {path}", **token), 404, not_routed)  # type: ignore[arg-type]


def wrong_methods(ctx: LawContext) -> None:
    """POST, PUT, PATCH and DELETE on the path give 404 with the plain text 404 page not found."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        ctx.cases += 1
        path = SUMMARY.removeprefix("GET ")
        auth.expect_error(ctx, ctx.request(f"{method} {path}", path={"id": UNKNOWN_ID}), 404, not_routed)


def options_open(ctx: LawContext) -> None:
    """OPTIONS gives 200 without a credential, for any id, and allows any origin."""
    for customer in (UNKNOWN_ID, *ctx.client.target.known.get("id", ())[:1]):
        for headers in ({}, {"Origin": "https://example.com", "Access-Control-Request-Method": "GET"}):
            ctx.cases += 1
            response = ctx.request(OPTIONS, path={"id": customer}, token=None, headers=headers)
            ctx.expect(response.status == 200, "200", f"{response.status}: {response.brief(80)}")
            if not _may_read(ctx):
                continue
            origin = response.headers.get("Access-Control-Allow-Origin")
            ctx.expect(origin == "*", "Access-Control-Allow-Origin: *", origin)
            methods = response.headers.get("Access-Control-Allow-Methods") or ""
            ctx.expect(methods == "*" or "GET" in methods, "Access-Control-Allow-Methods with GET", methods)


def isolated(ctx: LawContext) -> None:
    """A key restricted to one customer sees that customer; any other looks like an unknown id."""
    restricted = ctx.perform("restricted_credential")
    own = ctx.request_json(SUMMARY, path={"id": restricted["own"]}, token=restricted["token"])
    ctx.expect(own == fetch(ctx, restricted["own"]), "its own customer as the others see it", own)
    foreign = ctx.request_json(SUMMARY, path={"id": restricted["foreign"]}, token=restricted["token"])
    ctx.expect(foreign["summaries"] == [] and foreign["default_currency"] == "", "nothing of a foreign one", foreign)


def refusals_agree(ctx: LawContext) -> None:
    """Where an error has the declared body, http_status_code is the status and the code belongs to it."""
    oversized = {"X-Padding": "a" * 20_000}
    responses = [SMALLEST_READ.send(ctx, headers=oversized), ctx.request(SUMMARY, path={"id": "x" * 3000})]
    responses += [ctx.request("GET /customers/{id}", path={"id": UNKNOWN_ID}), *_every_kind(ctx)]
    for response in responses:
        body = response.body if response.status >= 400 and response.media_type == "application/json" else {}
        if "http_status_code" not in body:
            continue
        ctx.cases += 1
        ctx.expect(body["http_status_code"] == response.status, f"http_status_code {response.status}", body)
        # No code has its own status for, say, 406: there the code must be of the same class.
        exact = response.status in CODES.values()
        status = CODES.get(str(body.get("code")), 0)
        holds = status == response.status if exact else status // 100 == response.status // 100
        ctx.expect(holds, f"a code of {response.status}", body)
    ctx.require(ctx.cases, "no error had the declared body")
