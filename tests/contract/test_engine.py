"""The law engine: what it reports, how it shrinks a case, what it caches, and what it never prints."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import strategies as st
from toy import TOKEN, tried

from counterfoil.contract.collection import ItemList, Offsets
from counterfoil.contract.context import LawContext
from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.fields import NUMBER, Field, observed
from counterfoil.contract.filters import above, below, equal, like, one_of
from counterfoil.contract.http_client import HttpClient
from counterfoil.contract.laws import filtering, paging, reading, sorting
from counterfoil.contract.observations import ObservationCache

THINGS = [{"id": n, "kind": "ab"[n % 2], "size": n % 3} for n in range(1, 8)]


def test_a_law_that_returns_holds() -> None:
    record = tried(lambda ctx: ctx.expect(ctx.request_json("GET /things") == [], "nothing"), lambda request: [])
    assert (record.status, record.cases, record.findings) == ("held", 1, ())


def test_a_broken_law_reports_the_response_and_a_command_to_repeat_it() -> None:
    def check(ctx: LawContext) -> None:
        ctx.expect(ctx.request_json("GET /things/{id}", path={"id": "a b"}) == 1, "one", "two")

    record = tried(check, lambda request: 2)
    assert record.status == "broken"
    finding = record.findings[0]
    assert (finding.expected, finding.got) == ("one", "two")
    assert finding.requests == ('curl -sS -H "Authorization: Bearer $COUNTERFOIL_TOKEN" http://toy/v1/things/a%20b',)


def test_the_smallest_failing_case_is_reported() -> None:
    asked: list[str] = []

    def check(ctx: LawContext) -> None:
        def small(n: int) -> None:
            ctx.expect(ctx.request_json("GET /things", query={"n": n}) < 10, "less than 10", n)

        ctx.for_all(st.integers(0, 1000), small)

    def echo(request: httpx.Request) -> int:
        asked.append(request.url.params["n"])
        return int(request.url.params["n"])

    finding = tried(check, echo).findings[0]
    assert (finding.case, finding.got) == ("10", "10")
    assert len(finding.requests) == 1, "only the requests of the smallest case are shown"
    assert finding.requests[0].endswith("'http://toy/v1/things?n=10'")
    assert len(asked) == len(set(asked)), "no case is asked twice"


def test_the_same_seed_asks_the_same() -> None:
    def run(seed: int) -> list[str]:
        asked: list[str] = []

        def check(ctx: LawContext) -> None:
            ctx.for_all(
                st.integers(0, 10**6),
                lambda n: ctx.expect(ctx.request_json("GET /things", query={"n": n}) == [], "nothing"),
            )

        tried(check, lambda request: asked.append(str(request.url)) or [], effort=EffortLevel(seed=seed))
        return asked

    assert run(5) == run(5) != run(6)


def test_without_shrinking_the_first_failure_ends_the_search() -> None:
    asked: list[int] = []

    def check(ctx: LawContext) -> None:
        def fails(n: int) -> None:
            asked.append(n)
            ctx.fail("anything else", n)

        ctx.for_all(st.integers(0, 10**6), fails)

    assert tried(check, lambda request: [], effort=EffortLevel(shrink=False)).status == "broken"
    assert len(asked) == 1


def test_an_inconsistent_target_gives_one_finding() -> None:
    answers = iter(range(10**6))

    def check(ctx: LawContext) -> None:
        ctx.for_all(st.integers(0, 50), lambda n: ctx.expect(ctx.request_json("GET /things") % 3 != 2, "steady", n))

    assert tried(check, lambda request: next(answers)).status == "broken"


def test_what_was_observed_is_asked_for_once_until_something_is_written() -> None:
    asked: list[str] = []
    observations = ObservationCache()

    def look(ctx: LawContext) -> None:
        for _ in range(2):
            ctx.cached("things", lambda: ctx.request_json("GET /things"))
        ctx.expect(False, "never", "now")

    def handler(request: httpx.Request) -> list[Any]:
        asked.append(request.method)
        return []

    first = tried(look, handler, observations=observations)
    second = tried(look, handler, observations=observations)
    assert asked == ["GET"]
    assert first.findings[0].requests == second.findings[0].requests != (), (
        "observations shows in a finding that leans on it"
    )
    tried(lambda ctx: ctx.request_json("POST /things", body={}), handler, observations=observations)
    tried(look, handler, observations=observations)
    assert asked == ["GET", "POST", "GET"]


@pytest.mark.parametrize(
    "answer", [{"id": None}, [], 7, "text", None, {"id": {"x": 1}}, httpx.Response(200, content=b"\xff")]
)
def test_an_unexpected_response_is_a_finding_on_one_line(answer: Any) -> None:
    record = tried(lambda ctx: int(ctx.request_json("GET /things")["id"]["x"]["y"]) and None, lambda request: answer)
    assert record.status == "broken"
    assert "\n" not in record.findings[0].got


def test_credentials_are_never_shown() -> None:
    def check(ctx: LawContext) -> None:
        ctx.request("GET /things", token="another-of-ours")
        ctx.request("GET /things", token=None)
        ctx.json_body(ctx.request("POST /login", body={"username": "me", "password": "pass-phrase"}, token=None), 201)

    def echo(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, content=f"you sent {request.headers.get('authorization')} {request.content!r} {TOKEN}"
        )

    login = {"username": "me", "password": "pass-phrase"}
    record = tried(check, echo, login=login, forbidden="another-of-ours", headers={"X-Api": "header-secret"})
    told = repr(record)
    for secret in (TOKEN, "another-of-ours", "pass-phrase", "header-secret"):
        assert secret not in told
    assert '"Authorization: Bearer $COUNTERFOIL_FORBIDDEN"' in told
    assert "Authorization" not in record.findings[0].requests[1], "token=None sends none"


def test_a_law_without_its_act_does_not_apply() -> None:
    assert (
        "does not offer the capability advance"
        in tried(lambda ctx: ctx.perform("advance", 1), lambda request: []).reason
    )
    assert tried(lambda ctx: ctx.skip("no runs"), lambda request: []).reason == "no runs"


def test_amounts_are_exact() -> None:
    def check(ctx: LawContext) -> None:
        ctx.expect(ctx.request_json("GET /things") == Decimal("0.1"), "a tenth")

    assert tried(check, lambda request: httpx.Response(200, content=b"0.1")).status == "held"


# ---------------------------------------------------------------- families, at a list that matches them and at ones that do not


ID, KIND, SIZE = Field("id", NUMBER), Field("kind"), Field("size", NUMBER)
LIST = ItemList(
    "GET /things",
    identity=ID,
    pages=Offsets(largest=100),
    filters=(equal(KIND), above(SIZE, "over")),
    sorts=(KIND, SIZE, ID),
)


def serve(**bugs: bool) -> Any:
    def handler(request: httpx.Request) -> list[Any]:
        ask, found = request.url.params, list(THINGS)
        if "kind" in ask:
            found = [t for t in found if t["kind"] in ask["kind"].removeprefix("in:").split(",")]
        if "name" in ask:
            found = [t for t in found if ask["name"].lower() in str(t["kind"])]
        if "over" in ask and not (bugs.get("second_filter_lost") and "kind" in ask):
            found = [t for t in found if float(ask["over"]) < t["size"] + (1 if bugs.get("inclusive") else 0)]
        if "under" in ask:
            found = [t for t in found if t["size"] < float(ask["under"])]
        for key in reversed(ask.get("sort", "").split(",") if "sort" in ask else []):
            name = key.removesuffix(":desc")
            found.sort(key=lambda t, name=name: t[name], reverse=key != name and not bugs.get("never_falls"))
        offset, limit = int(ask.get("offset", 0)), int(ask.get("limit", 100))
        if bugs.get("ties_shuffled") and ask.get("sort") == "kind" and offset:
            found = found[::-1]
        if bugs.get("pages_start_at_one"):  # so that a page that would hold all holds nothing
            offset += limit
        if bugs.get("third_page_repeats") and limit == 2 and offset == 4:
            offset = 2
        return found[offset : offset + limit]

    return handler


FAMILIES = [
    paging.slices("toy.slices", LIST),
    paging.concatenation("toy.concatenation", LIST),
    paging.any_offset("toy.window", LIST),
    paging.past_the_end("toy.end", LIST),
    sorting.by_one("toy.asc", LIST),
    sorting.by_one("toy.desc", LIST, descending=True),
    sorting.by_several("toy.several", LIST),
    sorting.reversed_up_to_ties("toy.reversed", LIST),
    filtering.selects("toy.kind", LIST, equal(KIND)),
    filtering.selects("toy.in", LIST, one_of(KIND)),
    filtering.selects("toy.like", LIST, like(KIND, "name", write=str)),
    filtering.selects("toy.over", LIST, above(SIZE, "over")),
    filtering.selects("toy.under", LIST, below(SIZE, "under")),
    filtering.both("toy.both", LIST),
    filtering.union("toy.union", LIST, one_of(KIND), equal(KIND)),
]


@pytest.mark.parametrize("law", FAMILIES, ids=lambda law: law.id)
def test_a_family_holds_at_a_list_that_keeps_it(law: Any) -> None:
    record = tried(law.check, serve())
    assert (record.status, record.reason) == ("held", ""), record.findings


@pytest.mark.parametrize(
    ("bug", "caught_by"),
    [
        ("never_falls", {"toy.desc", "toy.several", "toy.reversed"}),
        ("inclusive", {"toy.over", "toy.both"}),
        ("second_filter_lost", {"toy.both"}),
        ("third_page_repeats", {"toy.concatenation", "toy.slices", "toy.window"}),
        ("ties_shuffled", {"toy.slices"}),
        ("pages_start_at_one", {"toy.concatenation", "toy.slices", "toy.window"}),
    ],
)
def test_a_family_catches_a_list_that_does_not(bug: str, caught_by: set[str]) -> None:
    broken = {
        law.id
        for law in FAMILIES
        if tried(law.check, serve(**{bug: True}), effort=EffortLevel(max_examples=40)).status == "broken"
    }
    assert broken & caught_by
    assert broken <= caught_by


@pytest.mark.parametrize(
    ("name", "bug", "shown"),
    [
        ("toy.concatenation", "third_page_repeats", "pages of 2 items"),
        ("toy.desc", "never_falls", '{"sort": "kind:desc"}'),
        ("toy.over", "inclusive", '{"over": "0"}'),
        ("toy.both", "second_filter_lost", '{"kind": "a", "over": "0"}'),
    ],
)
def test_a_finding_says_what_was_asked_for(name: str, bug: str, shown: str) -> None:
    law = next(each for each in FAMILIES if each.id == name)
    (finding,) = tried(law.check, serve(**{bug: True}), effort=EffortLevel(max_examples=40)).findings
    assert finding.case == shown


@pytest.mark.parametrize("law", FAMILIES, ids=lambda law: law.id)
def test_a_law_that_finds_no_items_is_not_tried_at_a_real_target(law: Any) -> None:
    """A team's empty tenant says nothing of its paging; a stand-in's scenario was chosen."""
    real, stand_in = (tried(law.check, lambda request: [], disposable=own) for own in (False, True))
    assert (real.status, stand_in.status) == ("not tried", "not applicable")
    assert "in GET /things; there are 0" in real.reason == stand_in.reason


def test_a_response_that_stays_is_the_same() -> None:
    check = reading.twice_the_same("toy.twice", "GET /things").check
    assert tried(check, lambda request: [{"id": 1}, {"id": 2}]).status == "held"


@pytest.mark.parametrize(
    ("again", "told"),
    [
        ([{"id": 2}, {"id": 1}], 'the same 2 items in another order, at place 1 first {"id": 1}, then {"id": 2}'),
        ([{"id": 1}], "2 items, then 1 item"),
        ([{"id": 1}, {"id": 3}], "at place 2: in id: 2, then 3"),
        ([{"id": 1}, {}], "at place 2: in id: 2, then nothing"),
    ],
)
def test_a_response_that_changes_is_shown_by_what_changed(again: Any, told: str) -> None:
    answers = iter([[{"id": 1}, {"id": 2}], again])
    (finding,) = tried(reading.twice_the_same("toy.twice", "GET /things").check, lambda r: next(answers)).findings
    assert finding.got == told


def test_observed_values_come_with_the_ends_first() -> None:
    assert observed(SIZE, [{"size": n} for n in (5, 1, 9, 3, 7, 1)] + [{}]) == [1, 9, 5, 3, 7]


def test_importing_the_package_is_light() -> None:
    code = (
        "import sys, counterfoil.contract; sys.exit(bool({'hypothesis', 'schemathesis', 'httpx'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_rate_spreads_the_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock moves only when the engine sleeps: six requests at 50 per second are five pauses of 20 ms."""
    import threading
    import time

    from toy import target

    slept: list[float] = []
    here, monotonic, sleep = threading.get_ident(), time.monotonic, time.sleep

    def is_here() -> bool:
        return threading.get_ident() == here

    monkeypatch.setattr(time, "monotonic", lambda: sum(slept) if is_here() else monotonic())
    monkeypatch.setattr(time, "sleep", lambda seconds: slept.append(seconds) if is_here() else sleep(seconds))
    with HttpClient(target(lambda request: []), rate=50) as client:
        for _ in range(6):
            client.send("GET", "/things")
    assert sum(slept) == pytest.approx(5 / 50)


@pytest.mark.parametrize(
    ("python", "told"),
    [
        ({"amount": Decimal("1.50"), "who": None}, '{"amount": 1.5, "who": null}'),
        ([("paid", Decimal(3)), "it's"], '[["paid", 3], "it\'s"]'),
        ([date(2026, 2, 1), datetime(2026, 2, 1, 12, tzinfo=UTC)], "[2026-02-01, 2026-02-01T12:00Z]"),
    ],
)
def test_a_finding_has_no_python_in_it(python: Any, told: str) -> None:
    """Law books write what they expected into a sentence; Python's notation in it becomes JSON's."""

    def check(ctx: LawContext) -> None:
        ctx.fail(f"{python} (page 2) of the list", python)

    (finding,) = tried(check, lambda request: []).findings
    assert finding.expected == f"{told} (page 2) of the list"
    for notation in ("Decimal(", "datetime.", "None", "{'", "['", "('"):
        assert notation not in finding.got


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ([{}], "a response without the member total"),
        ([{"total": None}], "a value of another type than documented"),
        ([], "a list with fewer items than documented"),
        ([{"total": "much"}], "a text where a number is documented"),
    ],
)
def test_a_response_that_a_law_cannot_read_is_told_in_words(answer: Any, told: str) -> None:
    def check(ctx: LawContext) -> None:
        (Decimal(ctx.request_json("GET /things")[0]["total"]) + 1)

    (finding,) = tried(check, lambda request: answer).findings
    assert finding.got == told
    assert finding.expected == "responses of the documented shape"
    assert finding.requests, "the request that was answered so"
