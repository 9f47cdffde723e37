"""The page over HTTP, without a browser: what is sent, to whom, and what it costs those who do not look."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from counterfoil.app import build
from counterfoil.inprocess import InProcess
from counterfoil.page.events import MOST_OF_A_WORLD
from counterfoil.world.commands import AddCustomer, RecordUsage


def client_of(application: Any) -> httpx.Client:
    return httpx.Client(transport=InProcess(application.door), base_url="http://127.0.0.1:8000")


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with client_of(build(scenario_name="demo")) as opened:
        yield opened


def test_the_shell_and_its_files_carry_a_strict_policy(client: httpx.Client) -> None:
    shell = client.get("/")
    assert shell.status_code == 200
    assert shell.headers["content-type"].startswith("text/html")
    policy = shell.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert shell.headers["x-content-type-options"] == "nosniff"
    assert shell.headers["x-frame-options"] == "DENY"
    for name in ("main.js", "page.css", "icon.svg"):
        file = client.get(f"/static/{name}")
        assert file.status_code == 200
        assert file.headers["content-security-policy"] == policy
        assert f"/{name}" in shell.text
        assert client.get(f"/static/{name}", headers={"If-None-Match": file.headers["etag"]}).status_code == 304


def test_nothing_comes_from_elsewhere(client: httpx.Client) -> None:
    shell = client.get("/").text
    assert "http://" not in shell.replace("http://127.0.0.1:8000", "")
    assert "https://" not in shell


def test_the_rest_is_still_refused_as_before(client: httpx.Client) -> None:
    lost = client.get("/elevat/v1/customer-billing-summaries")
    assert lost.status_code == 404
    assert lost.json()["served"]["elevate"] == "/elevate/v1"
    assert client.post("/").status_code == 405
    assert client.get("/static/../page.py").status_code == 404
    assert client.get("/plots/default/nonsense.svg").status_code == 404
    assert client.get("/plots/nowhere/revenue.svg").status_code == 404
    assert client.get("/events/nowhere").status_code == 404
    assert client.post("/events/default").status_code == 405


def test_plots_are_well_formed_whatever_customers_are_called() -> None:
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


def test_events_tell_of_every_change(served: Any) -> None:
    world = served.world()
    with served.client.stream("GET", f"/events/{world}", timeout=10) as stream:
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        told = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
        assert next(told)["version"] == 0
        served.do(world, "create_run", invoice_date="2026-02-01", cutoff_date="2026-02-01")
        assert next(told)["version"] == 1
        served.do(world, "request_bills", run=1)
        assert next(told)["runs"] == {"1": "requested"}
        before = served.client.get(f"/w/{world}/billingplatform/backend/api/v1/billingRuns/").status_code
        assert before == 401
        assert next(told)["journal"] > 0
        served.call("DELETE", f"/{world}")
        assert next(told) == {}


def test_flask_is_imported_by_the_first_visitor_only() -> None:
    program = (
        "import sys; from counterfoil.app import build; import httpx; from counterfoil.inprocess import InProcess\n"
        "app = build(scenario_name='one-month'); client = httpx.Client(transport=InProcess(app.door), base_url='http://127.0.0.1')\n"
        "client.get('/health'); client.get('/elevat/v1/nonsense'); client.get('/_sandbox/v1/worlds/default')\n"
        "print('flask' in sys.modules, 'a2wsgi' in sys.modules); client.get('/'); print('flask' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "False", "True"]


def test_so_many_may_listen_and_no_more(served: Any) -> None:
    world = served.world()
    with contextlib.ExitStack() as listening:
        for _ in range(MOST_OF_A_WORLD):
            stream = listening.enter_context(served.client.stream("GET", f"/events/{world}"))
            assert stream.status_code == 200
        assert served.client.get(f"/events/{world}").status_code == 429
    assert served.client.get(f"/events/{served.world()}x").status_code == 404
