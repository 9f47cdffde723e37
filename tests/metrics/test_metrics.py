"""The numbers of ``/metrics`` add up to the requests that were sent to all workers, and need the control token."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse
from tests.store.served import CONTROL, RUNS, Client, Served, kill_worker, until

from counterfoil.app import build
from counterfoil.cli import main
from counterfoil.lookup import own_api
from counterfoil.store.log import Change
from counterfoil.testing.in_process import InProcessTransport
from counterfoil.world.command_log import StoreUnavailable

ROOT = Path(__file__).parents[2]
TOKEN = {"authorization": "Bearer t0ken"}
KEY = {"x-api-key": "counterfoil-key"}
BEARER = {"authorization": "Bearer counterfoil-key"}
SUMMARY = "/flexprice/v1/customers/cust_00000001/invoices/summary"
Samples = dict[tuple[str, ...], float]


@contextmanager
def served(**options: Any) -> Iterator[httpx.Client]:
    """A client of an application in this process, which serves its metrics to the token."""
    options = {"scenario_name": "one-month", "control_token": "t0ken", "metrics": True, **options}
    application = build(**options)
    transport = InProcessTransport(application.asgi_app)
    with httpx.Client(transport=transport, base_url="http://localhost", timeout=60) as client:
        yield client
    application.close()


def samples(text: str, name: str, *labels: str, read: Callable[[str], Any] = parse) -> Samples:
    """The values of the samples of that name by the given labels, summed over all others."""
    found: Samples = {}
    for family in read(text):
        for sample in family.samples:
            if sample.name == name:
                key = tuple(sample.labels[label] for label in labels)
                found[key] = found.get(key, 0) + sample.value
    return found


def metrics(client: httpx.Client) -> str:
    answer = client.get("/metrics", headers=TOKEN)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_requests_are_counted_by_api_operation_and_status() -> None:
    """Three summaries, one more without a credential, a list by HEAD, a path of no operation, a world that is not there,
    and a world that is made: 8 requests. The scrapes themselves, the page and what no API serves are not counted."""
    with served() as client:
        for _ in range(3):
            assert client.get(SUMMARY, headers=KEY).status_code == 200
        assert client.get(SUMMARY).status_code == 401
        assert client.head(RUNS, headers=BEARER).status_code == 200
        assert client.get("/flexprice/v1/nowhere", headers=KEY).status_code == 404
        assert client.get(f"/w/nix{SUMMARY}", headers=KEY).status_code == 404
        assert client.post(CONTROL, headers=TOKEN, json={"name": "blue"}).status_code == 201
        client.get("/health")
        client.get("/nix")
        metrics(client)
        text = metrics(client)
    summary = "GET /customers/{id}/invoices/summary"
    counted = {
        ("flexprice", summary, "200"): 3,
        ("billingplatform", "GET /billingRuns/", "200"): 1,
        ("flexprice", summary, "401"): 1,
        ("flexprice", "none", "404"): 2,
        ("control", "POST /worlds", "201"): 1,
    }
    assert samples(text, "counterfoil_requests_total", "api", "operation", "status") == counted
    timed = samples(text, "counterfoil_request_duration_seconds_count", "api", "operation")
    assert timed == {
        ("flexprice", summary): 4,
        ("billingplatform", "GET /billingRuns/"): 1,
        ("flexprice", "none"): 2,
        ("control", "POST /worlds"): 1,
    }
    buckets = samples(text, "counterfoil_request_duration_seconds_bucket", "operation", "le")
    grows = [value for (operation, _), value in buckets.items() if operation == summary]
    assert grows == sorted(grows)
    assert buckets[summary, "+Inf"] == 4
    assert samples(text, "counterfoil_request_duration_seconds_sum")[()] > 0
    assert samples(text, "counterfoil_worlds") == {(): 2}
    assert not samples(text, "counterfoil_store_waiting")


def test_it_is_openmetrics_for_who_asks_for_that() -> None:
    with served(apis=["flexprice"]) as client:
        client.get(SUMMARY, headers=KEY)
        plain = client.get("/metrics", headers=TOKEN)
        accept = {"accept": "application/openmetrics-text; version=1.0.0, text/plain;q=0.5"}
        other = client.get("/metrics", headers={**TOKEN, **accept})
        strange = client.get("/metrics", headers={**TOKEN, "accept": "application/openmetrics-text; version=x"})
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert other.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert samples(other.text, "counterfoil_requests_total", read=parse_openmetrics) == {(): 1}
    assert strange.status_code == 200


def test_who_may_not_use_the_control_api_reads_no_metrics() -> None:
    with served(apis=["flexprice"]) as client:
        refused = client.get("/metrics")
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert refused.headers["content-type"] == "application/problem+json"
        assert client.get("/metrics", headers=BEARER).status_code == 401
        for strange in ({"host": "attacker.example"}, {"origin": "http://attacker.example"}):
            assert client.get("/metrics", headers={**TOKEN, **strange}).status_code == 403
        posted = client.post("/metrics", headers=TOKEN)
        assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")
        assert client.get("/metrics/more", headers=TOKEN).status_code == 404
        head = client.head("/metrics", headers=TOKEN)
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) > 100
    with served(apis=["flexprice"], control_token=None) as client:
        assert client.get("/metrics").status_code == 200
    with served(apis=["flexprice"], metrics=False) as client:
        assert client.get("/metrics", headers=TOKEN).status_code == 404


def test_strangers_add_no_values_of_labels() -> None:
    """Paths, methods, worlds and ids that are made up are counted, and shown nowhere; so is an own document's operation."""
    own = own_api(ROOT / "examples/own-api/shop.yaml", "shop", rows=3, seed=1)
    with served(apis=["flexprice"], own=[own]) as client:
        prefix = own.prefix
        for number in range(40):
            client.get(f"/flexprice/v1/made-up-{number}", headers=KEY)
            client.get(f"/flexprice/v1/customers/made-up-{number}/invoices/summary", headers=KEY)
            client.get(f"/w/made-up-{number}/flexprice/v1/x", headers=KEY)
            client.request(f"MADEUP{number}", SUMMARY, headers=KEY)
            client.get(f"{prefix}/made-up-{number}", headers=KEY)
        text = metrics(client)
    assert "made-up" not in text.lower()
    assert "MADEUP" not in text
    counted = samples(text, "counterfoil_requests_total", "api", "operation")
    assert sum(counted.values()) == 200
    documented = {"none", "GET /customers/{id}/invoices/summary"}
    assert {operation for _, operation in counted} <= documented


def test_a_broken_connection_and_too_many_statuses_are_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault breaks a connection before there is a status. After the second status of all operations, others are classes."""
    monkeypatch.setattr("counterfoil.metrics.counters.MAX_STATUSES", 2)
    with served(apis=["billingplatform"]) as client:
        order = {"api": "billingplatform", "kind": "reset", "times": 1}
        assert client.post(f"{CONTROL}/default/faults", headers=TOKEN, json=order).status_code == 201
        with pytest.raises(httpx.TransportError):
            client.get(RUNS, headers=BEARER)
        assert client.get(RUNS, headers=BEARER).status_code == 200
        assert client.get(RUNS).status_code == 401
        assert client.get(f"{RUNS}/1", headers=BEARER).status_code == 404
        text = metrics(client)
    counted = samples(text, "counterfoil_requests_total", "api", "operation", "status")
    runs = ("billingplatform", "GET /billingRuns/")
    assert counted.pop(("control", "POST /worlds/{world}/faults", "201")) == 1
    assert counted == {
        (*runs, "none"): 1,
        (*runs, "2xx"): 1,
        (*runs, "4xx"): 1,
        ("billingplatform", "GET /billingRuns/{id}", "4xx"): 1,
    }


class Disk:
    """Wraps a store, and makes it fail when a test says so."""

    def __init__(self, log: Any) -> None:
        self.fails = False
        for name in ("commit", "recover", "find"):
            setattr(log, name, self._failing(getattr(log, name)))

    def _failing(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def failing(*arguments: Sequence[Change] | str) -> Any:
            if self.fails:
                raise StoreUnavailable("the disk is full")
            return call(*arguments)

        return failing


def test_a_store_tells_of_its_commits_and_of_its_failure(tmp_path: Path) -> None:
    """Two runs and a world are three changes. Then the disk fails: a run is refused, and a world that is not in memory."""
    application = build(["billingplatform"], scenario_name="one-month", store=str(tmp_path / "worlds.db"), metrics=True)
    disk = Disk(application.worlds.log)  # type: ignore[attr-defined]
    with httpx.Client(
        transport=InProcessTransport(application.asgi_app), base_url="http://localhost", timeout=60
    ) as client:
        names = (
            "changes_total",
            "failures_total",
            "conflicts_total",
            "waiting",
            "writable",
            "commit_duration_seconds_count",
        )

        def store() -> dict[str, float]:
            text = client.get("/metrics").text
            return {name: samples(text, f"counterfoil_store_{name}")[()] for name in names}

        before = store()
        for name in ("One", "Two"):
            assert client.post(RUNS, headers=BEARER, json={"name": name}).status_code == 200
        assert client.post(CONTROL, json={"name": "blue"}).status_code == 201
        after = store()
        assert after["changes_total"] - before["changes_total"] == 3
        assert after["commit_duration_seconds_count"] - before["commit_duration_seconds_count"] == 3
        assert (after["failures_total"], after["conflicts_total"], after["waiting"], after["writable"]) == (0, 0, 0, 1)

        disk.fails = True
        assert client.post(RUNS, headers=BEARER, json={"name": "Three"}).status_code == 503
        assert client.get(f"/w/cold{RUNS}", headers=BEARER).status_code == 503
        failed = store()
        assert (failed["failures_total"], failed["writable"]) == (1, 0)
        assert failed["changes_total"] == after["changes_total"]
        counted = samples(client.get("/metrics").text, "counterfoil_requests_total", "operation", "status")
        assert counted["POST /billingRuns/", "503"] == 1
        assert counted["none", "503"] == 1

        disk.fails = False
        until(lambda: store()["writable"] == 1)
    application.close()


@pytest.mark.skipif(sys.platform != "linux", reason="finds a connection's worker in /proc")
def test_whichever_worker_is_asked_it_tells_of_all(tmp_path: Path) -> None:
    """Five requests to one worker and seven to the other are twelve at each. One is killed: its numbers begin again."""
    with Served(tmp_path / "worlds.db", "billingplatform", "--metrics", workers=2) as server:
        one, two = server.at_each_worker()
        for client, times in ((one, 5), (two, 7)):
            for number in range(times):
                assert client("POST", RUNS, {"name": f"Run {number}"}).status == 200

        def counted(client: Client) -> list[float]:
            text = client("GET", "/metrics").body.decode()
            assert sum(samples(text, "counterfoil_store_changes_total").values()) in (12, 5, 7)
            assert samples(text, "counterfoil_worlds") == {(): 1}
            return sorted(samples(text, "counterfoil_requests_total", "worker").values())

        assert counted(one) == counted(two) == [5, 7]
        (killed,) = (each for each in server.workers() if each == one.worker)  # type: ignore[attr-defined]
        kill_worker(killed)
        until(lambda: len(set(server.workers()) - {killed}) == 2)
        until(lambda: len(samples(two("GET", "/metrics").body.decode(), "counterfoil_store_writable", "worker")) == 2)
        assert counted(two) == [7]
        one.close()
        two.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--public", "--metrics"], "its visitors must not read metrics; leave out --metrics"),
        (["--otlp", "127.0.0.1:4318"], "is not a collector's address such as http://127.0.0.1:4318"),
        (["--otlp", "http://[::1"], "is not a collector's address such as"),
        (["--otlp", "http://me:secret@collector"], "give scheme, host, port and path only"),
        (["--otlp", "http://collector:99999"], "is not a collector's address such as"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(main, ["serve", "--port", "0", *arguments])
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr.splitlines()[-1]


def test_an_api_at_the_metrics_path_is_refused() -> None:
    own = own_api(ROOT / "examples/own-api/shop.yaml", "metrics", rows=3, seed=1)
    with pytest.raises(Exception, match=r"the prefix '/metrics.*' cannot be served next to '/metrics'"):
        build(own=[own], scenario_name="one-month", metrics=True)


@pytest.mark.parametrize(
    ("option", "missing", "says"),
    [
        ("--metrics", "prometheus_client", "prometheus_client is not installed; install the extra: pip install "),
        (
            "--otlp=http://127.0.0.1:4318",
            "opentelemetry.sdk.trace",
            "the OpenTelemetry SDK is not installed; install the extra",
        ),
        (
            "--otlp=http://127.0.0.1:4318",
            "opentelemetry.exporter.otlp.proto.http",
            "the OpenTelemetry SDK is not installed; install the extra",
        ),
    ],
)
def test_without_the_extra_one_line_says_what_to_install(
    option: str, missing: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "counterfoil.metrics.traces", raising=False)
    done = CliRunner().invoke(main, ["serve", "--port", "0", option])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"counterfoil: {says}")
    assert done.stderr.count("\n") == 1


def test_without_the_options_nothing_of_it_is_imported(tmp_path: Path) -> None:
    code = """
import sys, httpx
from counterfoil.app import build
from counterfoil.testing.in_process import InProcessTransport
import counterfoil.cli, counterfoil.cli.serve
application = build(store="worlds.db")
with httpx.Client(transport=InProcessTransport(application.asgi_app), base_url="http://localhost") as client:
    assert client.get("/_sandbox/v1/worlds").status_code == 200
application.close()
print([name for name in sys.modules if name.startswith(("prometheus", "opentelemetry", "counterfoil.metrics"))])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
