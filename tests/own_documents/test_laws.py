"""The laws that a document implies hold at its stand-in, and each kind of defect breaks a law about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from counterfoil.apis.generic import infer
from counterfoil.apis.generic.laws import law_book
from counterfoil.app import build
from counterfoil.cli import main
from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.http_client import HttpClient
from counterfoil.contract.law import LawBook
from counterfoil.contract.law_books import credential_scheme, document_of
from counterfoil.contract.runner import CouldNotRun, open_client, run_laws
from counterfoil.contract.target import Target
from counterfoil.contract.verdict import Record
from counterfoil.lookup import own_api
from counterfoil.testing import Sandbox, SandboxServer
from counterfoil.testing.in_process import InProcessTransport

TOKEN = {"COUNTERFOIL_TOKEN": "any"}
SHOP = Path(__file__).parents[2] / "examples" / "own-api" / "shop.yaml"
GYM = Path(__file__).parent / "documents" / "gym.yaml"
Ask = Callable[[httpx.Request], httpx.Response]
Defect = Callable[[httpx.Request, Ask], httpx.Response]


class WithDefect(httpx.BaseTransport):
    """A transport between the checker and the stand-in that answers like a server with one defect."""

    def __init__(self, inner: InProcessTransport, defect: Defect) -> None:
        self._inner, self._defect = inner, defect

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._defect(request, self._inner.handle_request)


def checked(defect: Defect, document: Path = SHOP) -> dict[str, Record]:
    """The record of every law of a document, by id, at a stand-in with the defect."""
    api = own_api(document, rows=12, seed=3)
    assert api.spec is not None
    book: LawBook = law_book(api.spec, infer(api.spec))
    with InProcessTransport(build(own=[api], scenario_name="quiet").server) as inner:
        target = Target(
            f"http://shop.test{api.prefix}", "any", transport=WithDefect(inner, defect), disposable=True, book=book
        )
        client = HttpClient(target, scheme=credential_scheme(document_of(book)))
        effort = EffortLevel(6, 1, shrink=False)
        return {record.id: record for record in run_laws(book, client, writes=True, effort=effort)}


def none(request: httpx.Request, ask: Ask) -> httpx.Response:
    return ask(request)


def test_what_only_looks_like_a_reference_and_ids_within_bounds_break_no_law() -> None:
    """``seats`` is a number beside a list of seats, a member is named by id or key, and there are ten lockers."""
    records = checked(none, GYM)
    assert [record for record in records.values() if record.status == "broken"] == []
    held = {id.removeprefix("gym.") for id, record in records.items() if record.status == "held"}
    assert held >= {
        "members.agree",
        "members.visits.parent",
        "members.visits.drinks.parent",
        "visits.reference.memberId",
        "lockers.written",
        "lockers.gone",
    }
    assert not {"members.reference.seats", "visits.reference.price"} & {id.removeprefix("gym.") for id in records}


def test_of_ten_ids_half_are_there_and_half_can_be_created() -> None:
    api = own_api(GYM, rows=12, seed=3)
    with InProcessTransport(build(own=[api], scenario_name="quiet").server) as inner:
        base = f"http://gym.test{api.prefix}"
        client = httpx.Client(transport=inner, headers={"Authorization": "Bearer any"}, timeout=60)
        there = [id for id in range(1, 11) if client.get(f"{base}/lockers/{id}").status_code == 200]
        assert there == [1, 2, 3, 4, 5]
        made = [client.post(f"{base}/lockers", json={"id": 64605, "owner": "Ada"}).json()["id"] for _ in range(5)]
        assert made == [6, 7, 8, 9, 10], "nobody can ask for number 64605"
        assert client.get(f"{base}/lockers/8").json() == {"id": 8, "owner": "Ada"}
        assert client.post(f"{base}/lockers", json={"owner": "Bo"}).status_code == 409


def test_the_stand_in_keeps_every_law_of_its_document() -> None:
    records = checked(none)
    statuses = {record.status for record in records.values()}
    assert "broken" not in statuses, [record for record in records.values() if record.status == "broken"]
    held = {id.removeprefix("shop.") for id, record in records.items() if record.status == "held"}
    assert held >= {
        *(
            "customers.unique",
            "customers.pages.concat",
            "customers.pages.size",
            "customers.filter.email",
            "customers.count",
        ),
        *(
            "customers.agree",
            "customers.unknown",
            "customers.written",
            "customers.listed",
            "customers.gone",
            "customers.auth",
        ),
        *("invoices.filter.status", "invoices.filter.customer", "invoices.reference.customer", "invoices.action"),
    }


def _changed(response: httpx.Response, change: Callable[[Any], Any]) -> httpx.Response:
    body = json.dumps(change(json.loads(response.read()))).encode()
    return httpx.Response(response.status_code, headers={"content-type": "application/json"}, content=body)


def _of_list(request: httpx.Request) -> bool:
    return request.method == "GET" and request.url.path.endswith(("/customers", "/invoices"))


def _of_member(request: httpx.Request) -> bool:
    return request.method == "GET" and not _of_list(request)


def _without(request: httpx.Request, name: str) -> httpx.Request:
    url = request.url.copy_remove_param(name)
    return httpx.Request(request.method, url, headers=request.headers, content=request.content)


def drops_one(request: httpx.Request, ask: Ask) -> httpx.Response:
    """Every page but the first lacks its first member."""
    response = ask(request)
    later = int(request.url.params.get("page", "1")) > 1
    return (
        _changed(response, lambda body: body | {"data": body["data"][1:]}) if _of_list(request) and later else response
    )


def repeats_one(request: httpx.Request, ask: Ask) -> httpx.Response:
    """A list shows its first member twice."""
    response = ask(request)
    return (
        _changed(response, lambda body: body | {"data": [*body["data"], *body["data"][:1]]})
        if _of_list(request)
        else response
    )


def ignores_size(request: httpx.Request, ask: Ask) -> httpx.Response:
    """Pages have the default size, whatever size is requested."""
    return ask(_without(request, "page_size"))


def ignores_filter(request: httpx.Request, ask: Ask) -> httpx.Response:
    """A filter by status is ignored."""
    return ask(_without(request, "status"))


def counts_the_page(request: httpx.Request, ask: Ask) -> httpx.Response:
    """total is one less than the members there are."""
    response = ask(request)
    is_counted = _of_list(request) and b'"total"' in response.read()
    return _changed(response, lambda body: body | {"total": body["total"] - 1}) if is_counted else response


def finds_everything(request: httpx.Request, ask: Ask) -> httpx.Response:
    """An unknown id is answered with a customer."""
    response = ask(request)
    if _of_member(request) and response.status_code == 404:
        made = {"id": request.url.path.rpartition("/")[2], "name": "Nobody", "created_at": "2026-01-01T00:00:00Z"}
        return httpx.Response(200, json=made | {"customer": "x", "status": "open", "lines": [], "total": 0})
    return response


def tells_another_story(request: httpx.Request, ask: Ask) -> httpx.Response:
    """A customer fetched by id has another name than in the list."""
    response = ask(request)
    named = _of_member(request) and b'"name"' in response.read()
    return _changed(response, lambda body: body | {"name": f"{body['name']} jr"}) if named else response


def forgets_what_was_sent(request: httpx.Request, ask: Ask) -> httpx.Response:
    """A created customer gets a name of the server's choice."""
    if request.method == "POST" and request.url.path.endswith("/customers"):
        sent = json.loads(request.content) | {"name": "Somebody"}
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        return ask(httpx.Request("POST", request.url, headers=headers, content=json.dumps(sent).encode()))
    return ask(request)


def creates_nothing(request: httpx.Request, ask: Ask) -> httpx.Response:
    """201 for a new customer that is never stored."""
    if request.method == "POST" and request.url.path.endswith("/customers"):
        made = {"id": "cus_never", "created_at": "2026-01-01T00:00:00Z"}
        return httpx.Response(201, json=made | json.loads(request.content))
    return ask(request)


def deletes_nothing(request: httpx.Request, ask: Ask) -> httpx.Response:
    """204 for a deletion that does not happen."""
    return httpx.Response(204) if request.method == "DELETE" else ask(request)


def acts_without_effect(request: httpx.Request, ask: Ask) -> httpx.Response:
    """Paying and voiding answer with the invoice as it was."""
    if request.url.path.endswith(("/pay", "/void")):
        url = request.url.copy_with(path=request.url.path.rpartition("/")[0])
        return ask(httpx.Request("GET", url, headers=request.headers))
    return ask(request)


def lets_everybody_in(request: httpx.Request, ask: Ask) -> httpx.Response:
    """A request without a credential is answered as if it had one."""
    return ask(
        httpx.Request(
            request.method,
            request.url,
            headers={**request.headers, "authorization": "Bearer x"},
            content=request.content,
        )
    )


DEFECTS: dict[Defect, str] = {
    drops_one: "customers.pages.concat",
    repeats_one: "customers.unique",
    ignores_size: "customers.pages.size",
    ignores_filter: "invoices.filter.status",
    counts_the_page: "customers.count",
    finds_everything: "customers.unknown",
    tells_another_story: "customers.agree",
    forgets_what_was_sent: "customers.written",
    creates_nothing: "customers.listed",
    deletes_nothing: "customers.gone",
    acts_without_effect: "invoices.action",
    lets_everybody_in: "customers.auth",
}


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.__name__)
def test_a_defect_breaks_the_law_that_names_it(defect: Defect) -> None:
    record = checked(defect)[f"shop.{DEFECTS[defect]}"]
    assert record.status == "broken", record


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The shop's stand-in, served like a real implementation."""
    from counterfoil.serving import listen, origin_of, serve_in_thread

    api = own_api(SHOP, rows=8, seed=1)
    taken = listen("127.0.0.1", 0)
    stop = serve_in_thread(build(own=[api], scenario_name="quiet").server, taken)
    yield f"{origin_of(taken)}{api.prefix}"
    stop()


def test_the_command_checks_a_server_against_the_document(served: str) -> None:
    result = CliRunner().invoke(
        main,
        ["check", "--spec", str(SHOP), "--url", served, "--only", "shop.customers", "--writes"],
        env={"COUNTERFOIL_TOKEN": "any"},
    )
    assert result.exit_code == 0, result.output
    assert "FINE" in result.output
    assert "left behind" in result.output  # customers that the laws created and did not delete


def test_without_writes_nothing_is_created(served: str) -> None:
    def total() -> int:
        found: int = httpx.get(f"{served}/customers", headers={"authorization": "Bearer any"}, timeout=60).json()[
            "total"
        ]
        return found

    before = total()
    result = CliRunner().invoke(
        main, ["check", "--spec", str(SHOP), "--url", served, "--only", "shop.customers"], env=TOKEN
    )
    assert result.exit_code == 0, result.output
    assert total() == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--spec", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--spec", str(SHOP), "--url", "shop2=http://127.0.0.1:1"], "there is no API 'shop2'"),
        (["--spec", str(SHOP), "elevate", "--url", "http://127.0.0.1:1"], "name its API"),
        (["--spec", str(SHOP), "--only", "shop.nothing"], "there is no law 'shop.nothing'"),
        (["--spec", str(SHOP), "--model", "gone.model.yaml"], "gone.model.yaml"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], says: str) -> None:
    result = CliRunner().invoke(main, ["check", *arguments])
    assert result.exit_code == 2
    assert says in result.output
    assert "Traceback" not in result.output


def test_the_laws_of_a_document_are_listed() -> None:
    result = CliRunner().invoke(main, ["check", "--spec", str(SHOP), "--list-laws"])
    assert result.exit_code == 0
    assert "shop.customers.gone  DELETE /customers/{customer}" in result.output
    assert "needs --writes" in result.output


@pytest.mark.parametrize("name", ["clinic", "gazette", "parcels", "depot"])
def test_a_stand_in_of_odd_kinds_keeps_its_own_laws(name: str) -> None:
    records = checked(none, Path(__file__).parent / "documents" / f"{name}.yaml")
    broken = [(record.id, record.findings) for record in records.values() if record.status == "broken"]
    assert broken == []
    assert len([record for record in records.values() if record.status == "held"]) > 10


def test_required_headers_and_secrets_are_sent_so_that_laws_are_tried() -> None:
    records = checked(none, Path(__file__).parent / "documents" / "parcels.yaml")
    tried = {
        "parcels.drivers.unique",
        "parcels.drivers.written",
        "parcels.shelves.pages.offset",
        "parcels.shelves.pages.end",
    }
    assert {id: records[id].status for id in tried} == dict.fromkeys(tried, "held")


def test_a_document_without_a_get_is_checked_where_anything_answers(tmp_path: Path) -> None:
    document = tmp_path / "calls.yaml"
    document.write_text(
        "openapi: 3.0.3\ninfo: {title: Calls, version: '1'}\npaths:\n"
        "  /ask: {post: {responses: {'200': {description: an answer}}}}\n"
    )
    api = own_api(document, rows=1, seed=3)
    assert api.spec is not None
    book = law_book(api.spec, infer(api.spec))

    def refusing(request: httpx.Request, ask: Ask) -> httpx.Response:
        return httpx.Response(401, request=request)

    with InProcessTransport(build(own=[api], scenario_name="quiet").server) as inner:
        for defect, reached in ((none, True), (refusing, False)):
            target = Target(f"http://calls.test{api.prefix}", "any", transport=WithDefect(inner, defect), book=book)
            if reached:
                open_client(book, target).close()
            else:
                with pytest.raises(CouldNotRun, match="could not log in"):
                    open_client(book, target)


TURNSTILE = Path(__file__).parent / "documents" / "turnstile.yaml"


def test_a_key_in_the_query_is_sent_by_the_checker_and_by_the_fixtures_client() -> None:
    result = CliRunner().invoke(main, ["check", "--spec", str(TURNSTILE), "--writes", "--only", "turnstile.passes"])
    assert result.exit_code == 0, result.output
    assert "FINE" in result.output

    def opened(request: httpx.Request, ask: Ask) -> httpx.Response:
        """As a server that lets everyone in."""
        request.url = request.url.copy_merge_params({"api_key": "any"})
        return ask(request)

    api = own_api(TURNSTILE, rows=3, seed=3)
    assert api.spec is not None
    book = law_book(api.spec, infer(api.spec))
    with InProcessTransport(build(own=[api], scenario_name="quiet").server) as inner:
        for defect, status in ((none, "held"), (opened, "broken")):
            target = Target(
                f"http://own.test{api.prefix}", "a b", transport=WithDefect(inner, defect), disposable=True, book=book
            )
            with open_client(book, target) as client:
                records = {each.id: each for each in run_laws(book, client, effort=EffortLevel(3, 1, shrink=False))}
                shown = "\n".join(client.transcript)
            auth = [each for id, each in records.items() if id.endswith(".auth")]
            assert {each.status for each in auth} == {status}, records.keys()
            assert "a%20b" not in shown
            assert "api_key=$COUNTERFOIL_TOKEN" in shown

    server = SandboxServer(own=(api,))
    with Sandbox("quiet", server=server) as sandbox, sandbox.client() as client:
        assert [client.get(f"/passes{query}").status_code for query in ("", "?other=1")] == [200, 200]
        assert client.get("/passes", params={"api_key": ""}).status_code == 401
    server.stop()


def test_a_document_whose_reads_are_not_in_json_is_checked(tmp_path: Path) -> None:
    ticker = (Path(__file__).parent / "documents" / "ticker.yaml").read_text()
    lines = tmp_path / "lines.yaml"
    lines.write_text("openapi: 3.0.3\ninfo: {title: Lines, version: '1'}\npaths:\n  /log: {get: {responses: {'200': ")
    with lines.open("a") as more:
        more.write("{description: Lines., content: {text/plain: {schema: {type: string}}}}}}}\n")
    (tmp_path / "ticker.yaml").write_text(ticker)
    for name in ("ticker", "lines"):
        result = CliRunner().invoke(main, ["check", "--spec", str(tmp_path / f"{name}.yaml"), "--writes", "--fast"])
        assert result.exit_code != 1, result.output
        assert "COULD NOT RUN" not in result.output
