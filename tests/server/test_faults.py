"""Injected faults: when they apply and what the client receives, in this process and over a socket."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest

from counterfoil.api import ApiError, Response
from counterfoil.api.control_types import FaultSpec, TooMany
from counterfoil.ledger.errors import BadValue
from counterfoil.server.faults import store as faults_module
from counterfoil.server.faults.prefer import parse
from counterfoil.server.faults.store import FaultStore
from counterfoil.testing.in_process import InProcessTransport

from .listening import get, listening
from .toy import PREFIX, TOY, Client, create_note, serve, server

READ = "GET /notes/{id}"
NOTE = PREFIX + "/notes/7"
SUMMARIES = "/customer-billing-summaries?page=1&pageSize=10"
WHOLE = b'{"id":"7","text":"hello","amount":1.10}'


@pytest.fixture
def book() -> FaultStore:
    return FaultStore()


@pytest.fixture
def ask(book: FaultStore) -> Client:
    return Client(server(faults=book))


@pytest.fixture
def client(book: FaultStore) -> Iterator[httpx.Client]:
    transport = InProcessTransport(server(faults=book))
    with httpx.Client(
        transport=transport,
        base_url=f"http://toy.test{PREFIX}",
        headers={"authorization": "Bearer counterfoil-key"},
        timeout=60,
    ) as client:
        yield client


def order(kind: Any, **more: Any) -> FaultSpec:
    return FaultSpec(**{"api": "toy", "operation": READ, "kind": kind, **more})


def statuses(ask: Client, calls: int, path: str = "/notes/7") -> list[int]:
    return [ask.get(path).status_code for _ in range(calls)]


# -- when it strikes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, [404, 404, 404, 404]),
        ({"times": 1}, [404, 200, 200, 200]),
        ({"nth": 3}, [200, 200, 404, 404]),
        ({"nth": 2, "times": 2}, [200, 404, 404, 200]),
    ],
)
def test_a_fault_starts_with_the_nth_call_and_applies_as_often_as_requested(
    book: FaultStore, ask: Client, when: dict[str, int], expected: list[int]
) -> None:
    book.add("default", order("status", status=404, **when))
    assert statuses(ask, 4) == expected
    assert (book.all("default")[0].counted, book.all("default")[0].hits) == (4, expected.count(404))


def test_a_probability_is_deterministic_for_a_seed(ask: Client, book: FaultStore) -> None:
    def run(seed: int) -> list[int]:
        book.clear("default")
        book.add("default", order("status", status=404, probability=Decimal("0.5"), seed=seed))
        return statuses(ask, 30)

    assert run(1) == run(1) != run(2)
    assert 5 < run(1).count(404) < 25


def test_a_fault_applies_to_one_world_one_api_and_one_operation(book: FaultStore, ask: Client) -> None:
    book.add("blue", order("status", status=500))
    assert ask.get("/notes/7").status_code == 200
    assert ask("GET", f"/w/blue{NOTE}").status_code == 500
    assert ask("GET", f"/w/blue{PREFIX}/notes").status_code == 200


def test_without_an_operation_a_fault_applies_to_the_whole_api(book: FaultStore, ask: Client) -> None:
    book.add("default", order("malformed", operation=None, times=2))
    for path in ("/notes/7", "/notes"):
        with pytest.raises(ValueError):
            ask.get(path).json()
    assert ask.get("/notes").json()


def test_what_is_refused_anyway_is_not_counted(book: FaultStore, ask: Client) -> None:
    book.add("default", order("status", operation="GET /notes", status=500, times=1))
    assert ask.get("/notes", key=None).status_code == 401
    assert ask.get("/notes?limit=abc").status_code == 400
    assert ask.get("/nope").status_code == 404
    assert ask.get("/notes", headers={"prefer": "code=999"}).status_code == 400
    assert book.all("default")[0].counted == 0
    assert statuses(ask, 2, "/notes") == [500, 200]


def test_of_two_faults_the_first_applies_and_both_count(book: FaultStore, ask: Client) -> None:
    book.add("default", order("status", status=404, times=1))
    book.add("default", order("status", status=500, times=1))
    assert statuses(ask, 3) == [404, 500, 200]
    assert [(each.counted, each.hits) for each in book.all("default")] == [(3, 1), (3, 1)]


# -- taking on and away -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": 429}, "status"),
        ({"status": 429, "operation": None}, "status"),
        ({"kind": "too_many_requests"}, "kind"),
        ({"api": "toys"}, "api"),
        ({"operation": "GET /nothing"}, "operation"),
    ],
)
def test_what_is_not_documented_is_refused(book: FaultStore, ask: Client, change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadValue) as refused:
        book.add("default", order(**{"kind": "status", "status": 404, **change}))
    assert refused.value.field == field
    assert not book.all("default")


def test_faults_are_listed_removed_and_cleared(book: FaultStore, ask: Client) -> None:
    made = [book.add("default", order("status", status=404)) for _ in range(3)]
    assert [each.id for each in book.all("default")] == [1, 2, 3]
    assert book.remove("default", made[1].id) is True
    assert book.remove("default", made[1].id) is False
    assert book.remove("blue", 1) is False
    assert [each.id for each in book.all("default")] == [1, 3]
    book.clear("default")
    assert not book.all("default")
    assert statuses(ask, 1) == [200]


def test_a_world_has_a_hundred_faults_at_most(book: FaultStore, ask: Client) -> None:
    for _ in range(100):
        book.add("default", order("latency", delay_ms=0))
    with pytest.raises(TooMany, match="up to 100 faults"):
        book.add("default", order("latency", delay_ms=0))
    assert len(book.all("default")) == 100
    book.add("blue", order("latency", delay_ms=0))


def test_faults_of_deleted_worlds_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults_module, "MAX_WORLDS", 3)
    there = {"a", "b", "c"}
    book = FaultStore(names=lambda: there)
    server(faults=book)
    for name in ("a", "b", "c"):
        book.add(name, order("reset"))
    with pytest.raises(TooMany):
        book.add("d", order("reset"))
    there = {"b", "c", "d"}
    book.add("d", order("reset"))
    assert not book.all("a")
    assert book.all("b")


# -- what the client sees ---------------------------------------------------------------------------------------------


def test_a_status_comes_in_the_vendors_own_body(book: FaultStore, ask: Client) -> None:
    book.add("default", order("status", status=404))
    response = ask.get("/notes/7")
    assert (response.status_code, response.headers["content-type"]) == (404, TOY.media_type)
    assert (response.json()["code"], response.json()["reason"]) == ("404", "unknown_resource")


def test_it_is_exactly_that_status_even_where_the_vendor_maps_it_elsewhere() -> None:
    book = FaultStore()

    def always_teapot(refusal: ApiError) -> Response:
        return Response(418, {"said": refusal.reason})

    odd = dataclasses.replace(TOY, error=always_teapot)
    ask = Client(serve(odd, faults=book))
    book.add("default", order("status", status=404))
    response = ask.get("/notes/7")
    assert (response.status_code, response.json()) == (404, {"said": "unknown_resource"})


def test_too_many_requests_has_a_retry_after(stand_in: Any) -> None:
    here = stand_in()
    book = here.application.faults
    for api in here.application.apis:
        book.add("default", FaultSpec(api=api.name, kind="too_many_requests", retry_after=17))
    for api, path in (
        ("elevate", SUMMARIES),
        ("oracle-brm", "/customerBill"),
        ("flexprice", "/customers/x/invoices/summary"),
        ("emnify", "/organisation/1/billing"),
        ("billingplatform", "/billingRuns/"),
    ):
        response = here.get(api, path)
        assert (response.status_code, response.headers.get_list("retry-after")) == (429, ["17"]), api
        assert response.json()


def test_every_documented_error_of_every_api_can_be_injected(stand_in: Any) -> None:
    here = stand_in()
    paths = {
        "elevate": SUMMARIES,
        "oracle-brm": "/customerBill",
        "flexprice": "/customers/x/invoices/summary",
        "emnify": "/organisation/1/billing",
        "billingplatform": "/billingRuns/",
    }
    for api, path in paths.items():
        spec = here.application.server.served[api][1].paths
        template = next(
            each for each in spec if each.split("/")[1] == path.partition("?")[0].split("/")[1] and "get" in spec[each]
        )
        for status in spec[template]["get"]["responses"]:
            if status >= "400":
                response = here.get(api, path, headers={"prefer": f"code={status}"})
                assert response.status_code == int(status), (api, status)
                assert response.headers["preference-applied"] == f"code={status}"
                assert response.content


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long, in seconds, the application would have slept. In this thread it does not sleep; in others it does."""
    slept: list[float] = []
    here, sleep = threading.get_ident(), asyncio.sleep

    async def noted(seconds: float, *more: Any) -> None:
        if threading.get_ident() == here and seconds:
            slept.append(seconds)
        else:
            await sleep(seconds, *more)

    monkeypatch.setattr(asyncio, "sleep", noted)
    return slept


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time limits, in seconds, of every ``asyncio.wait`` in any thread, which waits as usual."""
    limits: list[float] = []
    wait = asyncio.wait

    async def noted(tasks: Any, *, timeout: float | None = None, **more: Any) -> Any:
        if timeout is not None:
            limits.append(timeout)
        return await wait(tasks, timeout=timeout, **more)

    monkeypatch.setattr(asyncio, "wait", noted)
    return limits


def test_latency_comes_before_other_faults(book: FaultStore, ask: Client, sleeps: list[float]) -> None:
    book.add("default", order("latency", delay_ms=60))
    book.add("default", order("latency", delay_ms=40))
    book.add("default", order("status", status=404))
    assert statuses(ask, 1) == [404]
    assert sum(sleeps) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("distribution", "low", "high", "mean"),
    [("fixed", 50, 50, 50), ("uniform", 40, 60, 50), ("normal", 0, 120, 50), ("exponential", 0, 2000, 50)],
)
def test_drawn_latencies_follow_their_distribution(
    book: FaultStore, ask: Client, sleeps: list[float], distribution: Any, low: int, high: int, mean: int
) -> None:
    def run() -> list[float]:
        sleeps.clear()
        book.clear("default")
        book.add("default", order("latency", delay_ms=50, spread_ms=10, distribution=distribution, seed=3))
        statuses(ask, 200)
        return [seconds * 1000 for seconds in sleeps]

    first = run()
    assert first == run(), "the same seed waits the same"
    assert all(low <= each <= high for each in first)
    assert abs(sum(first) / len(first) - mean) < 10
    assert (len(set(first)) == 1) is (distribution == "fixed")


def test_waiting_has_an_end(book: FaultStore, ask: Client, sleeps: list[float]) -> None:
    for _ in range(3):
        book.add("default", order("latency", delay_ms=120_000))
    ask.get("/notes/7")
    assert sleeps == [120.0]


def test_a_malformed_body_is_as_long_as_the_right_one(book: FaultStore, ask: Client) -> None:
    book.add("default", order("malformed"))
    response = ask.get("/notes/7")
    assert response.status_code == 200
    assert len(response.content) == len(WHOLE) == int(response.headers["content-length"])
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(response.content)


def test_a_response_fault_keeps_the_effect_and_applies_to_refusals(ask: Client) -> None:
    made: list[Any] = []

    def create(request: Any, world: Any) -> Response:
        made.append(request.body)
        return create_note(request, world)

    book = FaultStore()
    counting = dataclasses.replace(TOY, routes={**TOY.routes, "POST /notes": create})
    ask = Client(serve(counting, faults=book))
    book.add("default", order("malformed", operation=None))
    assert ask.post("/notes", json={"text": "x"}).status_code == 201
    assert made == [{"text": "x"}]
    missing = ask.get("/notes/no")
    assert missing.status_code == 404
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(missing.content)
    assert ask("DELETE", NOTE).status_code == 204


def test_instead_of_the_operation_means_that_it_does_not_run() -> None:
    def never(request: Any, world: Any) -> Response:
        raise AssertionError("it ran")

    book = FaultStore()
    api = dataclasses.replace(TOY, routes={**TOY.routes, READ: never})
    app = serve(api, faults=book)
    book.add("default", order("status", status=404, times=1))
    book.add("default", order("reset"))
    assert Client(app).get("/notes/7").json()["reason"] == "unknown_resource"
    with pytest.raises(httpx.ReadError):
        Client(app).get("/notes/7")


# -- broken connections, in this process ------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "error"), [("reset", httpx.ReadError), ("truncate", httpx.RemoteProtocolError)])
def test_a_broken_connection_is_httpx_own_error(
    book: FaultStore, ask: Client, client: httpx.Client, kind: str, error: type[Exception], caplog: Any
) -> None:
    book.add("default", order(kind))
    with pytest.raises(error):
        ask.get("/notes/7")
    with pytest.raises(error) as raised:
        client.get("/notes/7")
    assert raised.value.request.url.path == NOTE  # type: ignore[attr-defined]
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


def test_in_process_a_clients_timeout_is_respected(book: FaultStore, client: httpx.Client) -> None:
    book.add("default", order("latency", delay_ms=100_000, times=1))
    with pytest.raises(httpx.ReadTimeout):
        client.get("/notes/7", timeout=0.05)
    assert client.get("/notes/7", timeout=None).content == WHOLE


def test_in_process_a_drip_keeps_a_client_waiting(book: FaultStore, client: httpx.Client, pauses: list[float]) -> None:
    """The client's limit is for each piece, not for the whole: 39 bytes, two each tenth of a second, are 1.9 s."""
    book.add("default", order("slow_drip", bytes_per_second=20))
    assert client.get("/notes/7", timeout=1.5).content == WHOLE
    assert pauses.count(0.1) == 19


def test_in_process_a_failing_application_is_a_500() -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError

    with httpx.Client(transport=InProcessTransport(fails), base_url="http://toy.test", timeout=60) as client:
        assert client.get("/").status_code == 500


# -- over a socket ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[("httptools", "asyncio"), ("h11", "asyncio"), ("httptools", "uvloop")])
def served(request: pytest.FixtureRequest, own_cache: object) -> Iterator[tuple[FaultStore, int]]:
    book = FaultStore()
    with listening(server(faults=book), *request.param) as port:
        yield book, port


@pytest.fixture
def wire(served: tuple[FaultStore, int], caplog: pytest.LogCaptureFixture) -> Iterator[tuple[FaultStore, int]]:
    """After each broken connection the next request is answered as usual, and nothing is logged."""
    book, port = served
    book.clear("default")
    yield served
    book.clear("default")
    assert httpx.get(f"http://127.0.0.1:{port}/health", timeout=60).status_code == 200
    assert not [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


def test_a_reset_is_a_reset_before_any_byte(wire: tuple[FaultStore, int]) -> None:
    book, port = wire
    book.add("default", order("reset"))
    assert get(port, NOTE) == (b"", True)
    with pytest.raises(httpx.ReadError):
        httpx.get(f"http://127.0.0.1:{port}{NOTE}", headers={"authorization": "Bearer counterfoil-key"}, timeout=60)


@pytest.mark.parametrize(("keep", "kept"), [(None, len(WHOLE) // 2), (0, 0), (5, 5), (10**6, len(WHOLE) - 1)])
def test_a_truncated_body_promises_all_and_sends_some(
    wire: tuple[FaultStore, int], keep: int | None, kept: int
) -> None:
    book, port = wire
    book.add("default", order("truncate", keep_bytes=keep))
    answer, was_reset = get(port, NOTE)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"content-length: %d" % len(WHOLE) in head.lower()
    assert (body, was_reset) == (WHOLE[:kept], False)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        httpx.get(f"http://127.0.0.1:{port}{NOTE}", headers={"authorization": "Bearer counterfoil-key"}, timeout=60)


def test_a_slow_drip_is_right_but_slow(wire: tuple[FaultStore, int], pauses: list[float]) -> None:
    book, port = wire
    book.add("default", order("slow_drip", bytes_per_second=100))
    pieces = []
    with httpx.stream(
        "GET", f"http://127.0.0.1:{port}{NOTE}", headers={"authorization": "Bearer counterfoil-key"}
    ) as r:
        pieces.extend(r.iter_raw())
    assert b"".join(pieces) == WHOLE
    assert len(pieces) > 1
    assert pauses.count(0.1) == 3, "10 + 10 + 10 + 9 bytes"


def test_a_drip_ends_when_the_client_goes(wire: tuple[FaultStore, int]) -> None:
    book, port = wire
    book.add("default", order("slow_drip", bytes_per_second=1, times=1))
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"http://127.0.0.1:{port}{NOTE}", headers={"authorization": "Bearer counterfoil-key"}, timeout=0.2)


# -- for one request --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "parsed"),
    [
        ("code=503", {"code": "503"}),
        ('CODE="503" ; x=y, delay = 250', {"code": "503", "delay": "250"}),
        ('foo="a\\"b, code=1", code=2', {"foo": 'a"b, code=1', "code": "2"}),
        ("code=404, code=500", {"code": "404"}),
        ("respond-async, wait=10, return=minimal;x", {"respond-async": "", "wait": "10", "return": "minimal"}),
        (';;,=,"open, code=2', {}),
        ("code 503, delay=٣", {"code": " 503", "delay": "=٣"}),
        ("code", {"code": ""}),
        ("", {}),
    ],
)
def test_prefer_is_read_as_rfc_7240_has_it(header: str, parsed: dict[str, str]) -> None:
    assert parse(header) == parsed


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ['\\"', "x", 'a=""",', ","])
def test_reading_prefer_is_linear_in_its_length(piece: str) -> None:
    """Sixteen times the longest header takes a fraction of a second; quadratic work would take hours."""
    size = 1_000_000
    parse(piece * (size // len(piece)))
    parse(f'"{piece * (size // len(piece))}')


@pytest.mark.parametrize("header", ["code=404", 'Code="404"', "wait=3, code=404;x=1"])
def test_prefer_code_asks_for_an_error_once(ask: Client, header: str) -> None:
    response = ask.get("/notes/7", headers={"Prefer": header})
    assert (response.status_code, response.json()["reason"]) == (404, "unknown_resource")
    assert response.headers["preference-applied"] == "code=404"
    assert ask.get("/notes/7").status_code == 200


@pytest.mark.parametrize(
    "header", ["code=503", "code=abc", "code", "code=-1", "code=404.0", "code=99999999999999999999"]
)
def test_a_code_that_is_not_documented_is_a_400_that_names_those_that_are(ask: Client, header: str) -> None:
    response = ask.get("/notes/7", headers={"prefer": header})
    assert (response.status_code, response.json()["where"]) == (400, "Prefer")
    assert "200, 404, 500" in response.json()["message"]
    assert "preference-applied" not in response.headers


def test_a_good_code_is_the_normal_answer(ask: Client) -> None:
    response = ask.get("/notes/7", headers={"prefer": "code=200"})
    assert (response.content, response.headers["preference-applied"]) == (WHOLE, "code=200")
    missing = ask.get("/notes/no", headers={"prefer": "code=200"})
    assert missing.status_code == 404
    assert "preference-applied" not in missing.headers


def test_prefer_delay_waits_and_is_confirmed(ask: Client, sleeps: list[float]) -> None:
    response = ask.get("/notes/7", headers={"prefer": "delay=80, code=404"})
    assert sleeps == [0.08]
    assert (response.status_code, response.headers["preference-applied"]) == (404, "code=404, delay=80")
    assert ask.get("/notes/7", headers={"prefer": "delay=0"}).headers["preference-applied"] == "delay=0"


@pytest.mark.parametrize("header", ["delay=120001", "delay=-1", "delay=1.5", "delay", "delay=٣", "delay=1e3"])
def test_a_delay_out_of_bounds_is_a_400(ask: Client, header: str) -> None:
    response = ask.get("/notes/7", headers={"prefer": header.encode()})
    assert (response.status_code, response.json()["where"]) == (400, "Prefer")


@pytest.mark.parametrize("header", ["return=minimal", "respond-async", "codes=500", "", ";;;"])
def test_other_preferences_are_ignored(ask: Client, header: str) -> None:
    response = ask.get("/notes/7", headers={"prefer": header})
    assert response.content == WHOLE
    assert "preference-applied" not in response.headers


def test_a_fault_overrides_prefer_code_but_not_the_delay(book: FaultStore, ask: Client) -> None:
    book.add("default", order("status", status=500))
    response = ask.get("/notes/7", headers={"prefer": "code=404, delay=1"})
    assert (response.status_code, response.headers["preference-applied"]) == (500, "delay=1")


def test_many_faults_at_once_are_counted_right(book: FaultStore) -> None:
    app = server(faults=book)
    book.add("default", order("status", status=404, nth=11, times=20))

    async def many() -> list[int]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(
            transport=transport,
            base_url="http://toy.test",
            headers={"authorization": "Bearer counterfoil-key"},
            timeout=60,
        ) as client:
            answers = await asyncio.gather(*(client.get(NOTE) for _ in range(50)))
        return [each.status_code for each in answers]

    assert asyncio.run(many()).count(404) == 20
