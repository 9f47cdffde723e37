"""``counterfoil mcp`` as the official package's own client sees it, over standard input and output.

In the scenario ``late-payer`` Tardy has two bills of 14.28 = (10.00 + 40 × 0.05) + 19 %, and has paid neither.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from counterfoil.cli import main
from counterfoil.mcp_server.programs import MAX_SECONDS
from counterfoil.mcp_server.stand_in import SECONDS
from counterfoil.mcp_server.tool import MAX_CHARACTERS

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "examples" / "own-api" / "shop.yaml"
READING = [
    "list_worlds", "list_scenarios", "list_apis", "show_clock", "list_customers", "show_customer", "explain_amount", "call_api",
    "list_requests", "check_implementation", "infer_document",
]  # fmt: skip
WRITING = ["make_world", "fork_world", "delete_world", "run_command", "advance_clock", "send_to_api"]


class Tools:
    """The tools of one server. A call returns the tool's result; ``refused`` returns the one-line message of a refused call."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def __call__(self, name: str, /, **arguments: Any) -> Any:
        result = await self.client.call_tool(name, arguments)
        text = result.content[0].text
        assert not result.is_error, text
        return json.loads(text) if text.startswith(("{", "[")) else text

    async def refused(self, name: str, /, **arguments: Any) -> str:
        result = await self.client.call_tool(name, arguments)
        text = str(result.content[0].text)
        assert result.is_error, text
        assert "\n" not in text
        return text


def with_tools(story: Callable[[Tools], Awaitable[None]], *options: str, folder: Path) -> None:
    """Run a test with the tools of ``counterfoil mcp`` in a folder."""

    async def tell() -> None:
        command = ["-m", "counterfoil", "mcp", "--scenario", "late-payer", *options]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        server = StdioServerParameters(command=sys.executable, args=command, env=environment, cwd=folder)
        async with Client(stdio_client(server)) as client:
            await story(Tools(client))

    asyncio.run(tell())


def test_without_writes_its_tools_only_read_and_refuse_each_mistake_in_one_line(tmp_path: Path) -> None:
    """One test, because each server takes seconds to start."""
    (tmp_path / "shop.yaml").write_text(SHOP.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "way-out.yaml").symlink_to(SHOP)

    async def story(tools: Tools) -> None:
        await lists_no_tool_that_writes(tools)
        await reads_the_world_that_it_names(tools)
        await explains(tools)
        await infers(tools, tmp_path)
        await refuses_each_mistake_in_one_line(tools)

    with_tools(story, folder=tmp_path)


async def lists_no_tool_that_writes(tools: Tools) -> None:
    listed = (await tools.client.list_tools()).tools
    assert [each.name for each in listed] == READING
    assert all(each.annotations.read_only_hint for each in listed)
    assert await tools.refused("run_command", command="record_payment") == (
        f"there is no tool 'run_command'; there are: {', '.join(READING)}"
    )


async def reads_the_world_that_it_names(tools: Tools) -> None:
    (world,) = (await tools("list_worlds"))["worlds"]
    assert (world["name"], world["scenario"], world["now"]) == ("default", "late-payer", "2026-03-16T09:00:00Z")
    key = {"x-api-key": "counterfoil-key"}
    path = "/customers/cust_00000003/invoices/summary"
    direct = httpx.get(world["apis"]["flexprice"] + path, headers=key, trust_env=False, timeout=60).json()
    called = await tools("call_api", api="flexprice", path=path)
    assert (called["status"], called["body"]) == (200, direct)  # the address that it names is the same world
    assert direct["summaries"][0]["total_overdue_amount"] == "28.56"  # 2 × 14.28
    assert (await tools("call_api", api="flexprice", path=path, headers={"X-Api-Key": "x"}))["status"] == 401
    requests = (await tools("list_requests"))["requests"]
    assert [(each["path"][-len(path) :], each["status"]) for each in requests] == [
        (path, 200),
        (path, 200),
        (path, 401),
    ]


async def explains(tools: Tools) -> None:
    bill = await tools("explain_amount", customer="tardy", bill=1)
    assert (bill["net"], bill["tax"], bill["total"]) == ("12.00", "2.28", "14.28")
    assert bill == await tools("explain_amount", customer=3, bill=1)
    customers = await tools("list_customers", search="tardy")
    assert [(each["key"], each["accounts"][0]["overdue"]) for each in customers["customers"]] == [("tardy", "28.56")]


async def infers(tools: Tools, folder: Path) -> None:
    inferred = await tools("infer_document", file="shop.yaml")
    assert "10 of 10 operations answer from state" in inferred
    outside = f"is not a file below the working directory, {folder.resolve()}"
    for file in ("way-out.yaml", "../shop.yaml", str(SHOP), "missing.yaml", ".", "a\0b"):
        assert (await tools.refused("infer_document", file=file)).endswith(outside)


async def refuses_each_mistake_in_one_line(tools: Tools) -> None:
    for name, arguments, says in (
        ("explain_amount", {"customer": "tardy"}, '"bill" is a required property'),
        ("explain_amount", {"customer": "tardy", "bill": "first"}, 'bill: "first" is not of type "integer"'),
        ("explain_amount", {"customer": "tardy", "bill": 99}, "customer 3 has no bill 99"),
        ("explain_amount", {"customer": "nix", "bill": 1}, "there is no customer with the key 'nix'"),
        ("list_worlds", {"limit": 51}, "limit: 51 is greater than the maximum of 50"),
        ("list_worlds", {"verbose": True}, "Additional properties are not allowed ('verbose' was unexpected)"),
        ("show_clock", {"world": "nix"}, "there is no world of that name"),
        ("show_clock", {"world": "../../apis"}, "there is no world of that name"),
        ("call_api", {"api": "nix", "path": "/"}, "'nix' is not served; there are: billingplatform, elevate"),
        ("call_api", {"api": "emnify", "path": "/../../../_sandbox/v1/worlds"}, "must begin with / and stay below"),
        ("call_api", {"api": "emnify", "path": "/x?y=1"}, "put what follows the ? into the argument query"),
        ("check_implementation", {}, "name one of: api, file"),
        ("check_implementation", {"api": "nix"}, "there is no API 'nix'; there are: billingplatform, elevate"),
        ("check_implementation", {"api": "emnify", "only": ["--report=x"]}, "only/0: "),
        ("check_implementation", {"api": "emnify", "writes": True}, "('writes' was unexpected)"),
    ):
        assert says in await tools.refused(name, **arguments), (name, arguments)


def test_with_writes_it_forks_pays_and_moves_the_clock_and_the_first_world_stays(tmp_path: Path) -> None:
    async def story(tools: Tools) -> None:
        listed = (await tools.client.list_tools()).tools
        assert [each.name for each in listed] == READING + WRITING
        assert [each.name for each in listed if not each.annotations.read_only_hint] == WRITING

        assert (await tools("fork_world", name="what-if"))["now"] == "2026-03-16T09:00:00Z"
        members = {"customer": "tardy", "bill": 1, "amount": "4.28"}
        paid = await tools("run_command", world="what-if", command="record_payment", members=members)
        assert paid["fact"]["amount"] == "4.28"
        moved = await tools("advance_clock", world="what-if", days=1)
        assert moved["now"] == "2026-03-17T09:00:00Z"
        call = {"api": "flexprice", "path": "/customers/cust_00000003/invoices/summary"}
        for world, unpaid in (("what-if", "24.28"), ("default", "28.56")):  # 28.56 - 4.28
            (summary,) = (await tools("call_api", world=world, **call))["body"]["summaries"]
            assert summary["total_unpaid_amount"] == unpaid
        run = {"name": "April 2026", "invoiceDate": "2026-05-01", "cutoffDate": "2026-05-01"}
        made = await tools("send_to_api", api="billingplatform", method="POST", path="/billingRuns/", body=run)
        assert (made["status"], made["body"]["name"], made["body"]["status"]) == (200, "April 2026", "Pending")

        assert (await tools("make_world", name="quiet", scenario="quiet"))["customers"] == 0
        text = "title: A shop\ntext: Nothing yet.\nstarts: 2026-01-01T00:00:00Z\nseller: {name: Example Ltd}\n"
        assert (await tools("make_world", name="shop", scenario=text))["now"] == "2026-01-01T00:00:00Z"
        assert await tools("delete_world", world="shop")
        refused = await tools.refused("make_world", scenario=text.replace("starts", "start"))
        assert "line 1: key 'starts' is missing; line 3: unknown key 'start'" in refused
        assert await tools("delete_world", world="quiet") == "the world 'quiet' is deleted"
        assert [each["name"] for each in (await tools("list_worlds"))["worlds"]] == ["default", "what-if"]
        assert "the default world cannot be deleted" in await tools.refused("delete_world", world="default")
        assert "there is no scenario of that name; there are: demo" in await tools.refused("make_world", scenario="nix")
        assert "bill is required" in await tools.refused(
            "run_command", command="record_payment", members={"customer": 3}
        )
        assert "to in the body: " in await tools.refused("advance_clock", to="tomorrow")
        long = {"customer": 1, "description": "x" * 200, "amount": "1.00"}
        for _ in range(60):
            await tools("run_command", command="add_charge", members=long)
        text = (await tools.client.call_tool("show_customer", {"customer": 1})).content[0].text
        assert len(text) <= 20_000
        assert text.endswith("Ask for less: a smaller page, one customer, one law.")

    with_tools(story, "--writes", folder=tmp_path)


class Recorder(BaseHTTPRequestHandler):
    """An implementation that answers each request with 500 and remembers the credentials that it was sent."""

    credentials: list[str | None]

    def do_GET(self) -> None:
        self.credentials.append(self.headers.get("authorization"))
        self.send_response(500)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def implementation() -> Any:
    handler = type("Handler", (Recorder,), {"credentials": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler.credentials
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_checks_this_machine_and_what_the_user_allowed_and_no_other_address(
    tmp_path: Path, implementation: tuple[str, list[str | None]]
) -> None:
    url, credentials = implementation
    law = {"api": "flexprice", "only": ["flexprice.summary.decimals"], "known": {"id": "cust_00000003"}, "seconds": 30}

    async def story(tools: Tools) -> None:
        for address in (
            "https://billing.example/v2",
            "https://billing.example:444/v1",
            "http://billing.example/v1",
            "http://10.0.0.1",
        ):
            refused = await tools.refused("check_implementation", url=address, **law)
            assert refused == (
                f"'{address}' is not on this machine, and the user did not allow it (--allow-url); "
                f"allowed: https://billing.example/v1, {url}/named"
            )
        for address in ("file:///etc/passwd", "https://billing.example/v1/../v2", "http://127.0.0.1@billing.example/"):
            assert address in await tools.refused("check_implementation", url=address, **law)

        (world,) = (await tools("list_worlds"))["worlds"]
        held = await tools("check_implementation", url=world["apis"]["flexprice"], **law)
        assert (held["verdict"][:4], held["totals"]["flexprice"]["held"]) == ("FINE", 1)
        failed = await tools("check_implementation", url=f"{url}/other", headers=["Authorization: Bearer own"], **law)
        assert failed["verdict"].startswith(("COULD NOT RUN", "BROKEN"))
        assert set(credentials) == {"Bearer own"}
        credentials.clear()
        await tools("check_implementation", url=f"{url}/named/v1", **law)
        assert set(credentials) == {"Bearer from-the-user"}  # the user's credential goes to the user's address only

    options = ["--allow-url", "https://billing.example/v1", "--allow-url", f"{url}/named"]
    with_tools(story, *options, "--header", "Authorization: Bearer from-the-user", folder=tmp_path)


def test_a_check_ends_with_its_call_and_with_the_client(tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))  # takes connections, and answers nothing
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    law = {"api": "flexprice", "url": url, "known": {"id": "cust_00000003"}, "seconds": 300}

    async def running(wanted: bool) -> bool:
        """Whether the check becomes what is wanted, running or not, within a minute."""
        for _ in range(600):
            found = subprocess.run(["pgrep", "-f", f"counterfoil check .*{url}"], capture_output=True, check=False)
            if (found.returncode == 0) == wanted:
                return True
            await asyncio.sleep(0.1)
        return False

    async def story(tools: Tools) -> None:
        call = asyncio.create_task(tools.client.call_tool("check_implementation", law))
        assert await running(True)
        assert await tools.refused("check_implementation", api="emnify") == "a check is running; wait for its result"
        call.cancel()
        assert await running(False)
        asyncio.create_task(tools.client.call_tool("check_implementation", law)).add_done_callback(
            lambda each: each.exception()
        )
        assert await running(True)

    with_tools(story, folder=tmp_path)
    assert asyncio.run(running(False))
    listener.close()


def mcp(*arguments: str, cwd: Path, more: str = "pass") -> subprocess.CompletedProcess[str]:
    code = (
        f"import sys; {more}; sys.argv = ['counterfoil', 'mcp', *sys.argv[1:]]; import counterfoil.cli as c; c.main()"
    )
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=cwd, input="", capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nix"], "there is no API 'nix'; there are: billingplatform, elevate"),
        (["--scenario", "nix"], "there is no scenario 'nix'; there are: demo"),
        (["--port", "70000"], "counterfoil mcp: --port: 70000 is not a whole number from 0 to 65535"),
        (["--spec", "nix.yaml"], "nix.yaml"),
        (["--switch", "nix"], "'nix' is not NAME=VALUE"),
        (
            ["--allow-url", "billing.example"],
            "'billing.example' is not an address such as https://billing.example/api/v1",
        ),
        (["--allow-url", "https://me:secret@billing.example"], "give scheme, host, port and path only"),
        (["--allow-url", "http://[::1"], "is not an address such as"),
        (["--header", "Authorization: Bearer x"], "--header: sent to an --allow-url only; name one"),
        (["--allow-url", "https://x.example", "--header", "Bearer x"], "'Bearer x' is not 'Name: value'"),
    ],
)
def test_each_wrong_option_is_refused_in_one_line(arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(main, ["mcp", *arguments])
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr.splitlines()[-1]


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    done = mcp(cwd=tmp_path, more="sys.modules['mcp'] = None")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "counterfoil: mcp is not installed; install the extra: pip install 'counterfoil[mcp]', or '.[mcp]' in a clone\n"
    )


def test_a_client_that_closes_its_end_stops_it_and_counterfoil_alone_does_not_import_mcp(tmp_path: Path) -> None:
    done = mcp(cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith(
        "counterfoil mcp: waiting for a client on standard input; the stand-in is http://127.0.0.1:"
    )
    code = (
        "import sys, counterfoil, counterfoil.cli, counterfoil.app, counterfoil.testing; sys.exit('mcp' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False, timeout=60).returncode == 0


def test_the_page_names_each_tool_and_option() -> None:
    page = (ROOT / "docs" / "how-to" / "mcp.md").read_text(encoding="utf-8")
    tables = "".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    assert re.findall(r"`(\w+)`", tables) == READING + WRITING
    for option in ("--writes", "--allow-url", "--header", "--port", "--spec", "--model", "--handlers", "--scenario"):
        assert option in page
    assert f"{MAX_CHARACTERS:,} characters" in page
    assert f"{SECONDS:.0f} seconds at most" in page
    assert f"given, {MAX_SECONDS} at most" in page
