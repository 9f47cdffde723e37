"""The journal: requests and responses, limited in size, without credentials, and available as soon as the response is."""

from __future__ import annotations

import gc
import itertools
import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from counterfoil import redact
from counterfoil.api.control_types import FaultSpec, JournalQuery, RecordedExchange
from counterfoil.server.faults.store import FaultStore
from counterfoil.server.journal.store import EXCHANGE_OVERHEAD, JournalLimits, JournalStore
from counterfoil.testing.in_process import InProcessTransport

from .listening import listening
from .toy import PREFIX, WORLDS, Client, server

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def ticking() -> Callable[[], datetime]:
    """A clock that advances by a second each time it is read."""
    seconds = itertools.count()
    return lambda: START + timedelta(seconds=next(seconds))


@pytest.fixture
def journal() -> JournalStore:
    return JournalStore(ticking())


@pytest.fixture
def ask(journal: JournalStore) -> Client:
    return Client(server(journal=journal))


def kept(journal: JournalStore, world: str = "default", **wanted: Any) -> tuple[RecordedExchange, ...]:
    return journal.find(world, JournalQuery(**wanted)).exchanges


# -- what is in it ----------------------------------------------------------------------------------------------------


def test_the_pages_own_requests_can_be_left_out(journal: JournalStore, ask: Client) -> None:
    ask.get("/notes", headers={"X-Counterfoil-Page": "yes"})
    ask.get("/notes")
    assert [each.number for each in kept(journal)] == [1, 2]
    assert [each.number for each in kept(journal, clients_only=True)] == [2]
    assert journal.find("default", JournalQuery(clients_only=True)).total == 1


def test_an_exchange_has_request_and_response(journal: JournalStore, ask: Client) -> None:
    response = ask.post("/notes?shared=13", json={"text": "grüße"})
    (told,) = kept(journal)
    assert (told.number, told.at, told.now) == (1, START, WORLDS["default"].now)
    assert (told.api, told.operation, told.method) == ("toy", "POST /notes", "POST")
    assert (told.path, told.status, told.fault) == (f"{PREFIX}/notes?shared=13", 201, None)
    assert 0 < told.milliseconds < 5000
    assert json.loads(told.request.body) == {"text": "grüße"}
    assert told.answer.body.encode() == response.content
    assert set(told.answer.headers) == set(response.headers.items())
    assert ("authorization", "***") in told.request.headers


def test_refusals_are_in_it_and_what_reached_no_world_is_not(journal: JournalStore, ask: Client) -> None:
    ask.get("/notes", key="wrong")
    ask.get("/nope")
    ask("GET", "/health")
    ask("GET", f"/w/green{PREFIX}/notes")
    assert [(each.status, each.operation) for each in kept(journal)] == [(401, "GET /notes"), (404, None)]


def test_an_applied_fault_and_the_sent_response_are_recorded(journal: JournalStore) -> None:
    faults = FaultStore()
    ask = Client(server(journal=journal, faults=faults))
    faults.add("default", FaultSpec(api="toy", kind="reset", times=1))
    faults.add("default", FaultSpec(api="toy", kind="truncate", keep_bytes=4))
    for error in (httpx.ReadError, httpx.RemoteProtocolError):
        with pytest.raises(error):
            ask.get("/notes/7")
    reset, truncated = kept(journal)
    assert (reset.status, reset.fault, reset.answer.body, reset.answer.headers) == (0, 1, "", ())
    assert (truncated.status, truncated.fault, truncated.answer.body) == (200, 2, '{"id')


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"operation": "GET /notes/{id}"}, [1, 2, 5]),
        ({"status": "404"}, [2, 4]),
        ({"status": "4xx"}, [2, 3, 4]),
        ({"status": "2XX"}, [1, 5, 6]),
        ({"status": "4"}, []),
        ({"since": START + timedelta(seconds=3)}, [4, 5, 6]),
        ({"since": (START + timedelta(seconds=5)).astimezone(None)}, [6]),
        ({"after": 4}, [5, 6]),
        ({"api": "toy", "limit": 2}, [5, 6]),
        ({"limit": 0}, []),
        ({"api": "other"}, []),
    ],
)
def test_the_journal_is_filtered_by_api_operation_status_and_time(
    journal: JournalStore, ask: Client, wanted: dict[str, Any], numbers: list[int]
) -> None:
    for path in ("/notes/1", "/notes/no", "/notes?limit=x", "/nope", "/notes/5", "/notes"):
        ask.get(path)
    found = journal.find("default", JournalQuery(**wanted))
    assert [each.number for each in found.exchanges] == numbers
    assert found.total == (len(numbers) if "limit" not in wanted else 6)


def test_worlds_have_separate_journals_and_numbers_continue_after_clearing(journal: JournalStore, ask: Client) -> None:
    ask.get("/notes/1")
    ask("GET", f"/w/blue{PREFIX}/notes/2")
    ask.get("/notes/3")
    assert [each.path for each in kept(journal, "blue")] == [f"/w/blue{PREFIX}/notes/2"]
    journal.clear("default")
    assert kept(journal) == ()
    ask.get("/notes/4")
    assert [each.number for each in kept(journal)] == [3]
    assert [each.number for each in kept(journal, "blue")] == [1]
    assert kept(journal, "never seen") == ()


# -- bounds -----------------------------------------------------------------------------------------------------------


def test_the_oldest_go_first_and_are_counted() -> None:
    journal = JournalStore(ticking(), JournalLimits(exchanges=3))
    ask = Client(server(journal=journal))
    for _ in range(5):
        ask.get("/notes/7")
    found = journal.find("default", JournalQuery())
    assert ([each.number for each in found.exchanges], found.total, found.dropped) == ([3, 4, 5], 3, 2)


def test_a_world_is_bounded_in_bytes() -> None:
    journal = JournalStore(ticking(), JournalLimits(bytes=40_000))
    ask = Client(server(journal=journal))
    for number in range(6):
        ask.post("/notes", content=json.dumps({"text": f"{number}"}) + " " * 15_000)
    found = journal.find("default", JournalQuery())
    assert [each.number for each in found.exchanges] == [5, 6]
    assert found.dropped == 4


def test_the_total_is_limited_and_the_least_active_world_loses_first() -> None:
    journal = JournalStore(ticking(), JournalLimits(bytes_of_all=40_000))
    ask = Client(server(journal=journal))

    def talk(world: str, times: int) -> None:
        for _ in range(times):
            ask("POST", f"/w/{world}{PREFIX}/notes", content=b'{"text":"x"}' + b" " * 4_000)

    talk("blue", 3)
    talk("default", 2)
    talk("strict", 3)
    assert [len(kept(journal, name)) for name in ("blue", "default", "strict")] == [1, 2, 3]
    talk("blue", 2)
    assert [len(kept(journal, name)) for name in ("blue", "default", "strict")] == [3, 0, 3]
    assert journal.find("default", JournalQuery()).dropped == 2
    talk("default", 1)
    assert [each.number for each in kept(journal, "default")] == [3]


def test_only_so_many_worlds_are_remembered() -> None:
    journal = JournalStore(ticking(), JournalLimits(worlds=1))
    ask = Client(server(journal=journal))
    for world in ("blue", "strict"):
        ask("GET", f"/w/{world}{PREFIX}/notes")
        journal.clear(world)
    for world, number in (("blue", 1), ("strict", 2)):
        ask("GET", f"/w/{world}{PREFIX}/notes")
        assert kept(journal, world)[0].number == number


def test_bodies_are_cut_and_say_so(journal: JournalStore, ask: Client) -> None:
    ask.post("/notes", content=b'{"text":"x"}' + b" " * 20_000)
    ask.post("/notes", content=b'{"text":"' + "€".encode() * 10_000 + b'"}')
    first, second = kept(journal)
    assert (len(first.request.body), first.request.is_cut, first.answer.is_cut) == (16_384, True, False)
    assert second.request.body.startswith('{"text":"€€€')
    assert "\ufffd" not in second.request.body


def test_the_estimated_size_of_an_exchange_is_its_size() -> None:
    journal = JournalStore(lambda: datetime.now(UTC))
    with httpx.Client(
        transport=InProcessTransport(server(journal=journal)), base_url=f"http://toy.test{PREFIX}", timeout=60
    ) as client:
        client.headers["authorization"] = "Bearer counterfoil-key"
        for number in range(20):
            client.get(f"/notes/{number}")
        tracemalloc.start()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for number in range(400):
            client.get(f"/notes/{number}")
        gc.collect()  # what was kept, not what is waiting to be freed
        taken = (tracemalloc.get_traced_memory()[0] - before) / 400
        tracemalloc.stop()
    said = journal._logs["default"].bytes / 420
    assert said > EXCHANGE_OVERHEAD
    assert 0.7 < taken / said < 1.3, (taken, said)


def test_the_journal_keeps_no_world_alive(journal: JournalStore, ask: Client) -> None:
    ask.get("/notes")
    held = journal._logs["default"].exchanges[0]
    assert not any(part is WORLDS["default"] for part in held)


# -- credentials ------------------------------------------------------------------------------------------------------


def test_tokens_of_every_login_are_blanked(stand_in: Any) -> None:
    here = stand_in()
    journal = here.application.journal
    here.post("elevate", "/authenticate", json={"username": "hidden", "password": "hidden"})
    here.post("emnify", "/authenticate", json={"application_token": "counterfoil-key"})
    here.post("emnify", "/authenticate", json={"application_token": "wrong-hidden"})
    told = kept(journal)
    assert len(told) == 3
    for each in told:
        sent = json.loads(each.request.body)
        assert sent.get("password", sent.get("application_token")) == "***"
    assert told[1].status == 200
    answered = json.loads(told[1].answer.body)
    assert {"***"} == {value for name, value in answered.items() if "token" in name}


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('{"password":"p"}', '{"password":"***"}'),
        ('{ "apiKey" : "p", "a": [1.10] }', '{ "apiKey" : "***", "a": [1.10] }'),
        ('[{"x":{"api_key":"p","y":"password"}}]', '[{"x":{"api_key":"***","y":"password"}}]'),
        ('{"client_secret":{"a":["p"]},"b":1}', '{"client_secret":"***","b":1}'),
        ('{"access-token":12345,"b":1}', '{"access-token":"***","b":1}'),
        ('{"pass\\u0077ord":"p"}', '{"pass\\u0077ord":"***"}'),
        ('{"refreshToken":"half of a tok', '{"refreshToken":"***"'),
        ('{"token":"p\\"q","b":1}', '{"token":"***","b":1}'),
        ('{"a":"say \\"password\\": p","b":1}', '{"a":"say \\"password\\": p","b":1}'),
        ('{"password":p}', '{"password":"***"'),
        ('{"error_token":"NotFound","key":"k","keyboard":1}', '{"error_token":"NotFound","key":"k","keyboard":1}'),
        ('{"password":', '{"password":'),
        ("username=a&password=p&b=c", "username=a&password=***&b=c"),
        ("'token': 'p'", "'token': ***"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_members_named_like_credentials_are_blanked_and_nothing_else(body: str, shown: str) -> None:
    assert redact.body(body) == shown


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ['\\"', '{"token":', "[", '"token":[', "token", "\\"])
def test_blanking_is_linear_in_the_size_of_the_body(piece: str) -> None:
    """Sixty times the longest body that is kept takes a fraction of a second; quadratic work would take hours."""
    size = 1_000_000
    assert redact.body(f'"{piece * (size // len(piece))}')
    assert redact.body(piece * (size // len(piece)))


def test_headers_and_query_values_are_blanked(journal: JournalStore, ask: Client) -> None:
    secret = {
        "x-api-key": "p", "cookie": "p", "proxy-authorization": "p", "x-auth-token": "p", "client-secret": "p",
        "x-request-id": "seen", "authorization": "Bearer counterfoil-key",
    }  # fmt: skip
    ask.get("/notes?api_key=p&to%6Ben=p&key=p&limit=5&flag&tokens", headers=secret)
    (told,) = kept(journal)
    shown = dict(told.request.headers)
    assert {name: shown[name] for name in secret} == {**dict.fromkeys(secret, "***"), "x-request-id": "seen"}
    assert told.path == f"{PREFIX}/notes?api_key=***&to%6Ben=***&key=***&limit=5&flag&tokens"


# -- looking on -------------------------------------------------------------------------------------------------------


def test_the_version_grows_with_every_change(journal: JournalStore, ask: Client) -> None:
    ask.get("/notes")
    ask("GET", f"/w/blue{PREFIX}/notes")
    assert (journal.version("default"), journal.version("blue")) == (1, 1)
    journal.clear("default")
    ask.get("/notes")
    assert (journal.version("default"), journal.version("none")) == (3, 0)


@pytest.fixture
def port(journal: JournalStore) -> Iterator[int]:
    with listening(server(journal=journal)) as port:
        yield port


def test_a_received_response_is_already_in_the_journal(journal: JournalStore, port: int) -> None:
    with httpx.Client(headers={"authorization": "Bearer counterfoil-key"}, timeout=60) as client:
        for number in range(1, 301):
            client.get(f"http://127.0.0.1:{port}{PREFIX}/notes/{number}")
            assert kept(journal, limit=1)[0].number == number


def test_the_journal_can_be_read_while_it_is_written(journal: JournalStore, port: int) -> None:
    wrong: list[Any] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            numbers = [each.number for each in kept(journal, limit=500)]
            if numbers != sorted(set(numbers)):
                wrong.append(numbers)

    looking = threading.Thread(target=look)
    looking.start()
    with httpx.Client(headers={"authorization": "Bearer counterfoil-key"}, timeout=60) as client:
        for _ in range(200):
            client.get(f"http://127.0.0.1:{port}{PREFIX}/notes/7")
    over.set()
    looking.join()
    assert not wrong
    assert len(kept(journal, limit=500)) == 200
