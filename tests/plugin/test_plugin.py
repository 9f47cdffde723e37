"""The pytest plugin as users see it: small suites written here and run by pytest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from counterfoil.cli import main

OWN_WORLDS = """
def overdue(counterfoil):
    with counterfoil.client("flexprice") as client:
        return client.get("/customers/cust_00000003/invoices/summary").json()["summaries"][0]["overdue_invoice_count"]

import pytest

@pytest.mark.counterfoil(scenario="late-payer")
@pytest.mark.parametrize("time", range(4))
def test_pays(counterfoil, time):
    assert overdue(counterfoil) == 2
    counterfoil.world.record_payment("tardy", 1)
    assert overdue(counterfoil) == 1
"""

CLOCK_FAULTS_AND_JOURNAL = """
import httpx
import pytest

pytestmark = pytest.mark.counterfoil(scenario="late-payer")

def test_clock(counterfoil):
    before = counterfoil.clock.now
    assert (counterfoil.clock.advance(days=30) - before).days == 30
    assert counterfoil.clock.advance(to="2026-05-01T00:00:00Z").month == 5

def test_fault(counterfoil):
    operation = "GET /customers/{id}/invoices/summary"
    counterfoil.fail("flexprice", operation, status=503, times=1)
    with counterfoil.client("flexprice") as client:
        statuses = [client.get("/customers/x/invoices/summary").status_code for _ in range(2)]
    assert statuses == [503, 200]
    assert [request.status for request in counterfoil.requests("flexprice", operation)] == [503, 200]
    assert "counterfoil-key" not in repr(counterfoil.requests("flexprice"))

def test_reset(counterfoil):
    counterfoil.fail("emnify", kind="reset")
    with counterfoil.client("emnify") as client, pytest.raises(httpx.TransportError):
        client.get("/organisation/1/billing")
    with counterfoil.client("emnify", transport=counterfoil.transport()) as client, pytest.raises(httpx.TransportError):
        client.get("/organisation/1/billing")

def test_a_wrong_fault_is_refused_at_once(counterfoil):
    with pytest.raises(Exception, match="no such operation"):
        counterfoil.fail("flexprice", "NO /such", status=503)
    with pytest.raises(Exception, match="status"):
        counterfoil.fail("flexprice", kind="status")
"""

WITHOUT_A_SOCKET = """
import httpx
import pytest

pytestmark = pytest.mark.counterfoil(scenario="late-payer")
PAGE = {"page": 1, "pageSize": 2}

def test_httpx(counterfoil):
    with httpx.Client(transport=counterfoil.transport(), base_url=counterfoil.url("elevate")) as client:
        assert client.get("/customer-billing-summaries", params=PAGE).status_code == 401
        client.headers["Authorization"] = f"Bearer {counterfoil.key}"
        assert len(client.get("/customer-billing-summaries", params=PAGE).json()) == 2

def test_requests(counterfoil):
    with counterfoil.session() as session:
        url = counterfoil.url("billingplatform") + "/billingRuns/"
        made = session.post(url, json={"name": "April"}).json()
        assert session.get(url + made["id"]).json()["name"] == "April"
"""

ASYNCIO_AND_UNITTEST = """
import unittest
import httpx
import pytest

@pytest.mark.counterfoil(scenario="late-payer")
async def test_async(counterfoil):
    async with httpx.AsyncClient(base_url=counterfoil.url("emnify"), headers=counterfoil.headers) as client:
        assert (await client.get("/organisation/1/billing")).status_code == 200
    with counterfoil.client("emnify", transport=counterfoil.transport()) as client:
        assert client.get("/organisation/1/billing").status_code == 200

@pytest.mark.counterfoil(scenario="one-month")
class TestOld(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _world(self, counterfoil):
        self.counterfoil = counterfoil

    def test_it(self):
        self.assertEqual(self.counterfoil.world.ledger.customers, 1)
"""


def run(pytester: pytest.Pytester, *arguments: str, **files: str) -> pytest.RunResult:
    """Runs pytest in the folder, isolated from the folders above it and without other plugins, which take seconds to import."""
    pytester.makepyfile(**files)
    plugins = ("--disable-plugin-autoload", "-pno:cacheprovider", "-pcounterfoil.pytest_plugin")
    return pytester.runpytest_subprocess(*plugins, "--rootdir", str(pytester.path), *arguments)


def test_what_a_user_may_do_in_tests_works(pytester: pytest.Pytester) -> None:
    """One run for several files of tests that pass, because each run starts a server of its own."""
    result = run(
        pytester,
        "-ppytest_asyncio.plugin",
        "-o",
        "asyncio_mode=auto",
        test_own_worlds=OWN_WORLDS,
        test_clock_faults_and_journal=CLOCK_FAULTS_AND_JOURNAL,
        test_without_a_socket=WITHOUT_A_SOCKET,
        test_asyncio_and_unittest=ASYNCIO_AND_UNITTEST,
    )
    result.assert_outcomes(passed=4 + 4 + 2 + 2)


def test_it_runs_in_parallel(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    result = run(
        pytester,
        "-pxdist.plugin",
        "-n",
        "2",
        test_it="""
import pytest

@pytest.mark.counterfoil(scenario="late-payer", customers=10)
@pytest.mark.parametrize("number", range(6))
def test_usage(counterfoil, number):
    counterfoil.world.record_usage(number + 1, "DE", 5)
    assert len(counterfoil.application.worlds.named(counterfoil.name).commands) == 1
""",
    )
    result.assert_outcomes(passed=6)


def test_settings_come_from_marks_then_the_command_line_then_pyproject(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml('[tool.counterfoil]\nscenario = "late-payer"\nseed = 3\n')
    code = """
import pytest

def test_table(counterfoil):
    world = counterfoil.application.worlds.named(counterfoil.name)
    assert (world.scenario.name, world.seed) == ("%s", 3)

@pytest.mark.counterfoil(scenario="quiet", seed=9)
class TestMarked:
    @pytest.mark.counterfoil(seed=10, switches={"billingplatform.create_status": 201})
    def test_mark(self, counterfoil):
        world = counterfoil.application.worlds.named(counterfoil.name)
        assert (world.scenario.name, world.seed, world.switches["billingplatform.create_status"]) == ("quiet", 10, 201)
"""
    run(pytester, "--counterfoil-scenario", "one-month", test_it=code % "one-month").assert_outcomes(passed=2)


MISTAKES = {
    "scenario='nope'": "there is no scenario 'nope'",
    "scenery='x'": "not 'scenery'",
    "switches={'no.such': 1}": "there is no switch 'no.such'",
    "customers=1, scenario='late-payer'": "needs 3 customers",
}


FAILS = """
import pytest

@pytest.mark.counterfoil(scenario="late-payer")
def test_fails(counterfoil):
    counterfoil.world.record_payment("tardy", 1, "4.28")
    assert False
"""


def test_mistakes_are_one_clear_line_and_a_failed_test_leaves_its_world_behind(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini("[pytest]")  # makes this the root folder
    mistaken = [
        f"@pytest.mark.counterfoil({mark})\ndef test_{number}(counterfoil): pass\n"
        for number, mark in enumerate(MISTAKES)
    ]
    result = run(pytester, test_mistaken="import pytest\n" + "".join(mistaken), test_it=FAILS)
    result.assert_outcomes(errors=len(MISTAKES), failed=1)
    in_order = ((f"*ERROR at setup of test_{number}*", f"*{says}*") for number, says in enumerate(MISTAKES.values()))
    result.stdout.fnmatch_lines([line for lines in in_order for line in lines])
    (capsule,) = (pytester.path / ".counterfoil" / "capsules").glob("*.json")
    result.stdout.fnmatch_lines([f"*{capsule.name}*"])
    replays(capsule)


def replays(capsule: Path) -> None:
    """The world of the failed test is rebuilt from its file, and a file that was cut is refused."""
    command = [sys.executable, "-m", "counterfoil", "replay", str(capsule)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "record_payment" in done.stdout
    assert "amount=4.28" in done.stdout
    capsule.write_text(capsule.read_text()[:500])
    refused = CliRunner().invoke(main, ["replay", str(capsule)])
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith("counterfoil: not a capsule")
    assert refused.stderr.count("\n") == 1


def test_an_unused_plugin_imports_nothing_heavy() -> None:
    """The plugin, which every pytest run loads, imports pytest only, and nothing that its fixtures need."""
    code = """
import pytest, sys
before = set(sys.modules)
import counterfoil.pytest_plugin
print(sorted(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "['counterfoil', 'counterfoil.pytest_plugin']"


def test_a_sandbox_without_pytest() -> None:
    import counterfoil

    with counterfoil.Sandbox(scenario="late-payer") as first, counterfoil.Sandbox(scenario="late-payer") as second:
        assert first.server is second.server
        first.world.record_payment("tardy", 1)
        assert str(first.world.balance("tardy")) == "14.28"
        assert str(second.world.balance("tardy")) == "28.56"
        assert first.ids("tardy")["flexprice"] == {"id": "cust_00000003"}
        first.reset()
        assert str(first.world.balance("tardy")) == "28.56"
        with pytest.raises(ValueError, match="there are"):
            first.url("stripe")
    first.close()


def test_every_command_has_a_method() -> None:
    from counterfoil.testing.world_client import Clock, WorldCommands
    from counterfoil.world.commands import COMMANDS

    not_for_people = {"issue_token", "note_login", "advance_clock"}
    assert {name for name in COMMANDS if not hasattr(WorldCommands, name)} == not_for_people
    assert hasattr(Clock, "advance")


def test_a_proxy_of_the_environment_is_not_asked(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    result = run(
        pytester,
        test_it="""
import httpx

PATH = "/customers/cust_00000003/invoices/summary"

def test_client(counterfoil):
    with counterfoil.client("flexprice") as client:
        assert client.get(PATH).status_code == 200

def test_transport(counterfoil):
    url = counterfoil.url("flexprice") + PATH
    with httpx.Client(transport=counterfoil.transport(), headers=counterfoil.headers) as client:
        assert client.get(url).status_code == 200

def test_session(counterfoil):
    assert counterfoil.session().get(counterfoil.url("flexprice") + PATH).status_code == 200

def test_command(counterfoil):
    assert counterfoil.world.record_usage(1, "DE", 5)
""",
    )
    result.assert_outcomes(passed=4)
