"""A check with ``--writes`` recognizes what it created, whatever its id is called, and goes on with what it did not delete."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.own_documents.checked import found_at

from counterfoil.app import build
from counterfoil.cli import main
from counterfoil.lookup import own_api
from counterfoil.serving import listen, origin_of, serve_in_thread

BOATS = """
openapi: 3.0.3
info: {title: Boats, version: "1"}
paths:
  /boats:
    get:
      responses:
        "200":
          description: boats
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Boat"}}}}
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/NewBoat"}}}}
      responses:
        "201": {description: launched, content: {application/json: {schema: {$ref: "#/components/schemas/Boat"}}}}
  /boats/{boatNumber}:
    parameters: [{name: boatNumber, in: path, required: true, schema: {type: string, format: uuid}}]
    get:
      responses:
        "200": {description: boat, content: {application/json: {schema: {$ref: "#/components/schemas/Boat"}}}}
        "404": {description: no such boat}
    patch:
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/NewBoat"}}}}
      responses:
        "200": {description: boat, content: {application/json: {schema: {$ref: "#/components/schemas/Boat"}}}}
        "404": {description: no such boat}
    delete:
      responses:
        "204": {description: scrapped}
        "404": {description: no such boat}
components:
  schemas:
    NewBoat:
      type: object
      required: [name]
      properties: {name: {type: string, minLength: 1}}
    Boat:
      type: object
      required: [boatNumber, name]
      properties: {boatNumber: {type: string, format: uuid}, name: {type: string}}
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "boats.yaml"
    path.write_text(BOATS)
    return path


def checked(document: Path, url: str, *more: str) -> Any:
    options = ["check", "--spec", str(document), "--url", url, "--writes", "--max-examples", "10", "--json", *more]
    return json.loads(CliRunner().invoke(main, options).stdout)


@contextmanager
def stand_in(document: Path) -> Iterator[str]:
    api = own_api(document, rows=8, seed=1)
    taken = listen("127.0.0.1", 0)
    stop = serve_in_thread(build(own=[api], scenario_name="quiet").server, taken)
    yield f"{origin_of(taken)}{api.prefix}"
    stop()


def test_a_deleted_boat_is_not_taken_for_one_that_was_just_created(document: Path) -> None:
    """Each boat has a ``boatNumber``. Schemathesis creates one, and changes and deletes it; none of the boats that were there
    before is changed, and what is listed as left behind is a boat that is there."""
    with stand_in(document) as url:
        verdict = checked(document, url)
    assert [(each["id"], each["operation"], each["got"]) for each in verdict["findings"]] == []
    assert verdict["left_behind"]
    assert all(path.startswith("boats: /boats/") and "?" not in path for path in verdict["left_behind"])


@contextmanager
def server_that_forgets_new_boats() -> Iterator[str]:
    """A server that answers 201 to each new boat, with a new number, and finds none of them afterwards."""

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self._sent()
            if not isinstance(sent, dict) or not isinstance(sent.get("name"), str) or not sent["name"]:
                return self._answer(400, {})
            counted.append(1)
            number = f"00000000-0000-4000-8000-{len(counted):012}"
            return self._answer(201, {"boatNumber": number, "name": sent["name"]})

        def do_GET(self) -> None:
            self._sent()
            self._answer(*((200, []) if self.path == "/boats" else (404, {})))

        def do_PATCH(self) -> None:
            self._sent()
            self._answer(404, {})

        do_DELETE = do_PATCH  # noqa: N815  (names of the standard library)

        def _sent(self) -> Any:
            try:
                return json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
            except ValueError:
                return None

        def _answer(self, status: int, body: Any) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Write nothing."""

    counted: list[int] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_created_boat_that_is_not_there_is_a_finding(document: Path) -> None:
    with server_that_forgets_new_boats() as url:
        verdict = checked(document, url)
    found = {each["operation"] for each in verdict["findings"] if "ensure_resource_availability" in each["id"]}
    assert found & {"PATCH /boats/{boatNumber}", "DELETE /boats/{boatNumber}"}, verdict["findings"]


STAMPS = """
openapi: 3.0.3
info: {title: Stamps, version: "1"}
paths:
  /stamps:
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Stamp"}}}}
      responses:
        "201": {description: printed, content: {application/json: {schema: {$ref: "#/components/schemas/Stamp"}}}}
        "422": {description: "not valid, or there is a stamp with this code"}
  /stamps/{code}:
    get:
      parameters: [{name: code, in: path, required: true, schema: {type: integer, minimum: 1}}]
      responses:
        "200": {description: stamp, content: {application/json: {schema: {$ref: "#/components/schemas/Stamp"}}}}
        "404": {description: no such stamp}
components:
  schemas:
    Stamp:
      type: object
      required: [code]
      properties: {code: {type: integer, minimum: 1, example: 7}, motif: {type: string}}
"""


def test_a_code_that_an_earlier_check_took_is_no_finding(tmp_path: Path) -> None:
    """The second check sends the same stamps again, and each is refused with 422: there is one with its code."""
    document = tmp_path / "stamps.yaml"
    document.write_text(STAMPS)
    with stand_in(document) as url:
        assert [checked(document, url, "--fast")["findings"] for _ in range(2)] == [[], []]


def test_a_new_code_that_is_refused_is_a_finding(tmp_path: Path) -> None:
    """The server refuses every stamp, and has none."""
    document = tmp_path / "stamps.yaml"
    document.write_text(STAMPS)
    assert found_at(document, lambda path, body: 422, "positive_data_acceptance", "/stamps")
