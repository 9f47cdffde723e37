"""Journal and faults as the control API uses them: it checks requests, and the server's stores keep them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.api.control_types import (
    Fault,
    FaultSpec,
    JournalPage,
    JournalQuery,
    RecordedExchange,
    RecordedMessage,
    TooMany,
)

from .conftest import Sandbox

Build = Callable[..., Sandbox]
FAULTS, JOURNAL = "/worlds/default/faults", "/worlds/default/journal"


class FaultStore:
    """Keeps two faults for each world, and injects none."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Fault]] = {}

    def all(self, world: str) -> Sequence[Fault]:
        return self.kept.get(world, [])

    def add(self, world: str, order: FaultSpec) -> Fault:
        mine = self.kept.setdefault(world, [])
        if len(mine) == 2:
            raise TooMany("a world has 2 faults at most")
        mine.append(Fault(len(mine) + 1, order))
        return mine[-1]

    def remove(self, world: str, fault: int) -> bool:
        before = len(self.all(world))
        self.kept[world] = [each for each in self.all(world) if each.id != fault]
        return len(self.all(world)) < before

    def clear(self, world: str) -> None:
        self.kept.pop(world, None)


class JournalStore:
    """Has one exchange in every world, and records its queries."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, JournalQuery]] = []
        self.cleared: list[str] = []

    def find(self, world: str, wanted: JournalQuery) -> JournalPage:
        self.asked.append((world, wanted))
        noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
        said = RecordedMessage((("x-api-key", "***"),), "{}", is_cut=True)
        one = RecordedExchange(
            7, noon, noon, "elevate", None, "GET", "/x?y=1", 404, Decimal("1.25"), request=said, fault=3
        )
        return JournalPage((one,), total=1, dropped=6)

    def clear(self, world: str) -> None:
        self.cleared.append(world)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", FAULTS),
        ("POST", FAULTS),
        ("DELETE", FAULTS),
        ("DELETE", FAULTS + "/1"),
        ("GET", JOURNAL),
        ("DELETE", JOURNAL),
    ],
)
def test_without_them_their_operations_are_not_implemented(sandbox: Build, method: str, path: str) -> None:
    sandbox().refused(501, method, path, {"api": "elevate", "kind": "reset"} if method == "POST" else None)


def test_faults_are_added_listed_and_removed(sandbox: Build) -> None:
    server = sandbox(faults=FaultStore())
    order = {
        "api": "oracle-brm",
        "operation": "GET /customerBill",
        "kind": "status",
        "status": 503,
        "times": 1,
        "probability": 0.5,
    }
    made = server("POST", FAULTS, order)
    assert made.status_code == 201
    assert made.headers["location"] == "/_sandbox/v1/worlds/default/faults/1"
    assert made.json() | order | {"probability": "0.5"} == made.json()
    assert (made.json()["id"], made.json()["nth"], made.json()["counted"]) == (1, 1, 0)
    server.post(
        FAULTS, {"api": "elevate", "kind": "latency", "delay_ms": 250, "spread_ms": 50, "distribution": "uniform"}
    )
    server.refused(429, "POST", FAULTS, {"api": "elevate", "kind": "reset"})
    assert [each["id"] for each in server.get(FAULTS)["faults"]] == [1, 2]
    assert server("DELETE", FAULTS + "/1").status_code == 204
    assert server.refused(404, "DELETE", FAULTS + "/1")["field"] == "fault"
    assert server("DELETE", FAULTS).status_code == 204
    assert server.get(FAULTS)["faults"] == []


@pytest.mark.parametrize(
    ("order", "status", "field"),
    [
        ({"api": "nobody", "kind": "reset"}, 422, "api"),
        ({"api": "oracle-brm", "kind": "reset", "operation": "GET /nothing"}, 422, "operation"),
        ({"api": "oracle-brm", "kind": "explode"}, 400, "kind"),
        ({"api": "oracle-brm", "kind": "status"}, 422, "status"),
        ({"api": "oracle-brm", "kind": "status", "status": 200}, 400, "status"),
        ({"api": "oracle-brm", "kind": "latency"}, 422, "delay_ms"),
        ({"api": "oracle-brm", "kind": "latency", "delay_ms": 120_001}, 400, "delay_ms"),
        ({"api": "oracle-brm", "kind": "reset", "status": 500}, 422, "status"),
        ({"api": "oracle-brm", "kind": "reset", "nth": 0}, 400, "nth"),
        ({"api": "oracle-brm", "kind": "reset", "probability": 1.5}, 422, "probability"),
        ({"api": "oracle-brm", "kind": "reset", "probability": "0"}, 422, "probability"),
        ({"api": "oracle-brm", "kind": "malformed", "template": "{{x}}"}, 400, "body"),
        ({"kind": "reset"}, 400, "api"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(sandbox: Build, order: Any, status: int, field: str) -> None:
    server = sandbox(faults=FaultStore())
    assert server.refused(status, "POST", FAULTS, order)["field"] == field
    assert server.get(FAULTS)["faults"] == []


def test_the_journal_gets_the_query_of_the_request(sandbox: Build) -> None:
    journal = JournalStore()
    server = sandbox(journal=journal)
    query = {
        "api": "elevate",
        "operation": "GET /x",
        "status": "4xx",
        "since": "2026-07-01T12:00:00Z",
        "after": 6,
        "limit": 5,
        "by": "clients",
    }
    found = server.get(JOURNAL, **query)
    assert (found["total"], found["dropped"]) == (1, 6)
    (one,) = found["exchanges"]
    assert (one["number"], one["status"], one["milliseconds"], one["fault"]) == (7, 404, 1.25, 3)
    assert one["request"] == {"headers": [["x-api-key", "***"]], "body": "{}", "is_cut": True}
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert journal.asked == [("default", JournalQuery("elevate", "GET /x", "4xx", noon, 6, 5, clients_only=True))]
    server.get(JOURNAL)
    assert journal.asked[1] == ("default", JournalQuery())


@pytest.mark.parametrize(
    ("query", "status"),
    [("status=600", 400), ("status=6xx", 400), ("since=yesterday", 400), ("limit=1001", 400), ("after=-1", 400),
     ("api=nobody", 422), ("since=2026-06-30T23:59:61Z", 400)],
)  # fmt: skip
def test_a_question_to_the_journal_that_makes_no_sense_is_refused(sandbox: Build, query: str, status: int) -> None:
    problem = sandbox(journal=JournalStore()).refused(status, "GET", f"{JOURNAL}?{query}")
    assert problem["field"] == query.partition("=")[0]


def test_journal_and_faults_go_with_their_world(sandbox: Build) -> None:
    journal, faults = JournalStore(), FaultStore()
    server = sandbox(journal=journal, faults=faults)
    server.post("/worlds", {"name": "blue"})
    server.post("/worlds/blue/faults", {"api": "elevate", "kind": "reset"})
    server.post("/worlds/blue/fork", {"name": "fork"})
    assert server.get("/worlds/fork/faults")["faults"] == []
    server.post("/worlds/blue/reset")
    assert server.get("/worlds/blue/faults")["faults"] == []
    assert server("DELETE", "/worlds/blue/journal").status_code == 204
    server("DELETE", "/worlds/blue")
    assert journal.cleared == ["blue", "fork", "blue", "blue", "blue"]
    server.refused(404, "GET", "/worlds/blue/faults")
