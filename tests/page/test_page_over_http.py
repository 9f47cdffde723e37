"""The page over HTTP, without a browser: what is sent to which clients, and its cost while the page is not opened."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from counterfoil.app import build
from counterfoil.lazy_app import LazyApp
from counterfoil.page.events import MAX_STREAMS_PER_WORLD
from counterfoil.testing.in_process import InProcessTransport
from counterfoil.world.commands import AddCustomer, RecordUsage


def client_of(application: Any) -> httpx.Client:
    return httpx.Client(
        transport=InProcessTransport(application.asgi_app), base_url="http://127.0.0.1:8000", timeout=60
    )


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with client_of(build(scenario_name="demo")) as opened:
        yield opened


def test_the_document_and_its_files_carry_a_strict_policy(client: httpx.Client) -> None:
    document = client.get("/")
    assert document.status_code == 200
    assert document.headers["content-type"].startswith("text/html")
    policy = document.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert document.headers["x-content-type-options"] == "nosniff"
    assert document.headers["x-frame-options"] == "DENY"
    for name in ("main.js", "page.css", "variables.css", "icon.svg"):
        file = client.get(f"/static/{name}")
        assert file.status_code == 200
        assert file.headers["content-security-policy"] == policy
        assert f"/{name}" in document.text
        assert client.get(f"/static/{name}", headers={"If-None-Match": file.headers["etag"]}).status_code == 304


def test_the_document_refers_to_no_other_server(client: httpx.Client) -> None:
    document = client.get("/").text
    assert "http://" not in document.replace("http://127.0.0.1:8000", "")
    assert "https://" not in document


def test_paths_the_page_does_not_have_are_refused(client: httpx.Client) -> None:
    lost = client.get("/elevat/v1/customer-billing-summaries")
    assert lost.status_code == 404
    assert lost.json()["served"]["elevate"] == "/elevate/v1"
    assert client.post("/").status_code == 405
    assert client.get("/static/../page.py").status_code == 404
    assert client.get("/plots/default/nonsense.svg").status_code == 404
    assert client.get("/plots/nowhere/revenue.svg").status_code == 404
    assert client.get("/events/nowhere").status_code == 404
    assert client.post("/events/default").status_code == 405


def test_plots_are_well_formed_for_any_customer_name() -> None:
    application = build(scenario_name="one-month")
    application.world.execute(AddCustomer(name="</text><script>x</script>&\"'", country="DE", tariff="basic"))
    application.world.execute(RecordUsage(customer=2, country="DE", quantity=Decimal(100)))
    with client_of(application) as client:
        for name in ("open-by-customer", "ageing", "revenue"):
            for currency in ("EUR", "", "<x>"):
                answer = client.get(f"/plots/default/{name}.svg", params={"currency": currency})
                assert answer.headers["content-type"] == "image/svg+xml; charset=utf-8"
                root = ElementTree.fromstring(answer.content)
                assert not [each for each in root.iter() if "script" in each.tag]
        drawn = client.get("/plots/default/open-by-customer.svg?currency=EUR").text
    assert "15.00" in drawn  # 10.00 + 100 × 0.05
    assert drawn.index("15.00") < drawn.index("12.00")


def test_plots_and_events_want_the_token_where_the_control_api_does() -> None:
    with client_of(build(scenario_name="one-month", control_token="sesame", hosts=("0.0.0.0",))) as client:
        assert client.get("/").status_code == 200
        for path in ("/plots/default/revenue.svg", "/events/default"):
            assert client.get(path).status_code == 401
            assert (
                client.get(path, headers={"Host": "evil.example", "X-Counterfoil-Token": "sesame"}).status_code == 403
            )
        assert client.get("/plots/default/revenue.svg", headers={"X-Counterfoil-Token": "sesame"}).status_code == 200
        assert "sesame" not in client.get("/").text


def test_a_page_of_another_site_gets_no_plot_and_no_event(client: httpx.Client) -> None:
    assert client.get("/plots/default/revenue.svg", headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.get("/events/default", headers={"Origin": "http://evil.example"}).status_code == 403


def test_events_report_every_change(served: Any) -> None:
    world = served.world()
    with served.client.stream("GET", f"/events/{world}", timeout=10) as stream:
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        data = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
        assert next(data)["version"] == 0
        served.do(world, "create_run", invoice_date="2026-02-01", cutoff_date="2026-02-01")
        assert next(data)["version"] == 1
        served.do(world, "request_bills", run=1)
        assert next(data)["runs"] == {"1": "requested"}
        before = served.client.get(f"/w/{world}/billingplatform/backend/api/v1/billingRuns/").status_code
        assert before == 401
        assert next(data)["journal"] > 0
        served.call("DELETE", f"/{world}")
        assert next(data) == {}


CLIENT = """
import gc, logging, sys, threading, warnings, httpx
from counterfoil.app import build
from counterfoil.testing.in_process import InProcessTransport
app = build(scenario_name="one-month")
client = httpx.Client(transport=InProcessTransport(app.asgi_app), base_url="http://127.0.0.1")
"""


def printed(program: str) -> list[str]:
    """The output of a new Python process that runs ``CLIENT`` and then ``program``."""
    done = subprocess.run([sys.executable, "-c", CLIENT + program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_opening_the_page_changes_nothing_else_in_the_process() -> None:
    program = """
def state():
    loggers = {name: (log.level, log.handlers, log.propagate) for name, log in logging.root.manager.loggerDict.items()
               if isinstance(log, logging.Logger)}
    root = logging.getLogger()
    return (sys.getswitchinterval(), gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), warnings.filters[:],
            root.level, root.handlers[:], logging.Logger.manager.disable, sys.excepthook, threading.excepthook), loggers

client.get("/_sandbox/v1/worlds/default/figures")
process, loggers = state()
static = client.get("/").text.split('src="')[1].split('"')[0]
paths = [static, *(f"/plots/default/{name}.svg" for name in ("open-by-customer", "ageing", "revenue"))]
print([client.get(path).status_code for path in paths])
after, loggers_after = state()
print(process == after, all(loggers_after[name] == kept for name, kept in loggers.items()))
print([name for name in loggers_after if name not in loggers and loggers_after[name][:2] != (0, [])])
print([each.name for each in threading.enumerate() if not each.name.startswith(("MainThread", "counterfoil", "WSGI", "asyncio"))])
"""
    assert printed(program) == ["[200, 200, 200, 200]", "True True", "[]", "[]"]


def test_a_file_is_cached_by_its_digest_and_revalidated_without(client: httpx.Client) -> None:
    (path,) = re.findall(r'src="(/static/[0-9a-f]+/main\.js)"', client.get("/").text)
    kept, asked = client.get(path), client.get("/static/main.js")
    assert kept.content == asked.content
    assert "max-age=31536000" in kept.headers["cache-control"]
    assert "immutable" in kept.headers["cache-control"]
    assert asked.headers["cache-control"] == "no-cache"
    assert kept.headers["content-type"] == asked.headers["content-type"] == "text/javascript; charset=utf-8"
    again = client.get(path, headers={"If-None-Match": kept.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert kept.headers["content-encoding"] == "gzip"
    plain = {"Accept-Encoding": "identity"}
    assert client.get(path, headers=plain).headers["content-length"] == str(len(kept.content))
    head = client.head(path, headers=plain)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(kept.content))
    for unknown in ("/static/000000000000/main.js", "/static/nothing.js", "/static/page.html", "/static/a/b/main.js"):
        assert client.get(unknown).status_code == 404, unknown


def test_the_document_preloads_the_modules_of_the_first_view_and_no_others(client: httpx.Client) -> None:
    html = client.get("/").text
    preloaded = re.findall(r'rel="modulepreload" href="/static/[0-9a-f]+/([a-z_]+\.js)"', html)
    found = ["main.js"]
    for name in found:
        imported = re.findall(r'^import .* from "\./(.+)";$', client.get(f"/static/{name}").text, re.MULTILINE)
        found += [each for each in dict.fromkeys(imported) if each not in found]
    assert sorted(preloaded) == sorted(found)
    assert "customers.js" not in found


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("POST", "/", 405, {"GET", "HEAD"}),
        ("OPTIONS", "/", 405, {"GET", "HEAD"}),
        ("PUT", "/static/main.js", 405, {"GET", "HEAD"}),
        ("DELETE", "/plots/default/revenue.svg", 405, {"GET", "HEAD"}),
        ("POST", "/events/default", 405, {"GET"}),
        ("GET", "/plots/default/revenue.png", 404, None),
        ("GET", "/plots/default", 404, None),
        ("GET", "/static//main.js", 404, None),
        ("GET", "/static/%2e%2e/app.py", 404, None),
        ("GET", "/static/..%2Fapp.py", 404, None),
        ("GET", "/plots/default%2F..%2Fdefault/revenue.svg", 404, None),
        ("GET", "/%73tatic/main.js", 200, None),
    ],
)
def test_a_refusal_is_a_problem_document(
    client: httpx.Client, method: str, path: str, status: int, allow: set[str] | None
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert "content-security-policy" in answer.headers
    if allow:
        assert set(answer.headers["allow"].replace(" ", "").split(",")) == allow


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        (b"/plots/default/revenue.svg?currency=\xff", b"127.0.0.1", b"400"),
        (b"/plots/default/revenue.svg?currency=%ff", b"127.0.0.1", b"200"),
        (b"/static/%c3%a9.js", b"127.0.0.1", b"404"),
        (b"/?\xff", b"127.0.0.1", b"400"),
        (b"/plots/default/revenue.svg", b"\xff\xfe", b"403"),
        (b"/", b"127.0.0.1:99999999", b"200"),
    ],
)
def test_odd_bytes_are_refused_and_never_a_failure(served: Any, target: bytes, host: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", int(served.origin.rpartition(":")[2])), timeout=10) as connection:
        connection.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        assert connection.makefile("rb").readline().split()[1] == status


def test_a_plot_without_a_currency_is_in_the_first(client: httpx.Client) -> None:
    figures = client.get("/_sandbox/v1/worlds/default/figures").json()
    first = figures["currencies"][0]["currency"]
    for name in ("open-by-customer", "ageing", "revenue"):
        without, named = (client.get(f"/plots/default/{name}.svg{query}") for query in ("", f"?currency={first}"))
        assert without.text == named.text
        assert first in without.text


def test_a_lazy_application_is_built_once_however_many_requests_wait_for_it() -> None:
    built: list[int] = []
    waiting = threading.Barrier(4)

    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    def build_app() -> Any:
        built.append(1)
        if len(built) == 1:
            raise RuntimeError("not yet")
        return app

    lazy = LazyApp(build_app)
    with pytest.raises(RuntimeError, match="not yet"):
        lazy.get()

    def get() -> Any:
        waiting.wait(10)
        return lazy.get()

    with ThreadPoolExecutor(4) as threads:
        assert [each.result() for each in [threads.submit(get) for _ in range(4)]] == [app] * 4
    assert len(built) == 2


def test_open_event_streams_are_bounded(served: Any) -> None:
    world = served.world()
    with contextlib.ExitStack() as streams:
        for _ in range(MAX_STREAMS_PER_WORLD):
            stream = streams.enter_context(served.client.stream("GET", f"/events/{world}"))
            assert stream.status_code == 200
        assert served.client.get(f"/events/{world}").status_code == 429
    assert served.client.get(f"/events/{served.world()}x").status_code == 404
