"""The check of a contradictory document at its stand-in is complete: the contradictions are notes, and nothing is a finding."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from click.testing import CliRunner

from counterfoil.app import build
from counterfoil.cli import main
from counterfoil.lookup import own_api
from counterfoil.openapi import read_document
from counterfoil.serving import listen, origin_of, serve_in_thread

KIOSK = Path(__file__).parent / "documents" / "kiosk.yaml"
STAND_IN = "this is counterfoil's stand-in, which accepts any credential"


@pytest.fixture
def served() -> Iterator[str]:
    """The address of a stand-in of the kiosk."""
    api = own_api(KIOSK, rows=8, seed=1)
    taken = listen("127.0.0.1", 0)
    stop = serve_in_thread(build(own=[api], scenario_name="quiet").server, taken)
    yield f"{origin_of(taken)}{api.prefix}"
    stop()


@pytest.fixture
def relayed(served: str) -> Iterator[str]:
    """The address of a server that answers as the stand-in does and has no control API."""

    class Relay(BaseHTTPRequestHandler):
        def answer(self) -> None:
            path = self.path.removeprefix("/kiosk")
            if path == self.path:
                self.send_response(404)
                self.send_header("content-length", "0")
                self.end_headers()
                return
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            names = ("x-key", "content-type", "accept")
            headers = {name: value for name in names if (value := self.headers.get(name)) is not None}
            found = client.request(self.command, served + path, headers=headers, content=sent)
            self.send_response(found.status_code)
            for name in ("content-type", "allow"):
                if name in found.headers:
                    self.send_header(name, found.headers[name])
            self.send_header("content-length", str(len(found.content)))
            self.end_headers()
            self.wfile.write(found.content)

        do_GET = do_POST = answer  # noqa: N815  (names of the standard library)

        def log_message(self, format: str, *args: Any) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with httpx.Client(timeout=60) as client:
        yield f"http://127.0.0.1:{server.server_port}/kiosk"
        server.shutdown()
    server.server_close()


def checked(url: str, *more: str, document: Path = KIOSK) -> Any:
    """The verdict of a check of the kiosk at ``url``."""
    options = ["check", "--spec", str(document), "--url", url, "--writes", "--fast", "--json", *more]
    return json.loads(CliRunner().invoke(main, options, env={"COUNTERFOIL_TOKEN": "any"}).stdout)


def test_contradictions_of_the_document_are_notes_and_no_findings(served: str) -> None:
    """A book's kind is ``book``, and its discriminator calls it ``Book``; each whole number is an integer and a number; three
    operations would put the same paper on sale; and the example of a stamp looks like a reference."""
    verdict = checked(served)
    assert verdict["findings"] == []
    assert verdict["troubles"] == []
    notes = "\n".join(verdict["notes"])
    assert "GET /shelf: the document contradicts itself" in notes
    assert STAND_IN in notes
    untried = [record for record in verdict["records"] if record["id"].startswith("conformance.error")]
    assert [(each["operation"], each["status"]) for each in untried] == [("POST /stamps", "not tried")]
    assert "https://stamps.example/common.json" in untried[0]["reason"]
    held = {record["id"] for record in verdict["records"] if record["status"] == "held"}
    assert held >= {"kiosk.papers.written", "kiosk.papers.auth", "conformance.negative_data_rejection"}


def test_laws_change_no_type_send_what_a_list_requires_and_take_no_address_for_an_id(served: str) -> None:
    """A reader's ``@type`` stays what it is, a list that requires a page is asked for one, an object in the query is no cursor,
    and a reader's e-mail address is not the id of one of ``/emails``."""
    verdict = checked(served, "--only", "kiosk.readers", "--only", "kiosk.emails")
    records = {record["id"]: record["status"] for record in verdict["records"]}
    assert "broken" not in records.values(), records
    assert "kiosk.readers.enum.kind" in records
    wanted = {"kiosk.readers.only", "kiosk.emails.unique", "kiosk.emails.stable"}
    assert {id for id in wanted if records.get(id) == "held"} == wanted
    assert "kiosk.readers.reference.email" not in records


def papers_alone(folder: Path, *, key: str = "in: header, name: X-Key") -> Path:
    """The part of the kiosk's document that is about papers; ``key`` says where the key is sent."""
    kiosk = yaml.safe_load(KIOSK.read_text().replace("in: header, name: X-Key", key))
    kiosk["paths"] = {path: item for path, item in kiosk["paths"].items() if path.startswith("/papers")}
    document = folder / "kiosk.yaml"
    document.write_text(yaml.safe_dump(kiosk))
    return document


def test_a_server_that_is_no_stand_in_is_to_refuse_an_invented_credential(relayed: str, tmp_path: Path) -> None:
    verdict = checked(relayed, "--only", "conformance.ignored_auth", document=papers_alone(tmp_path))
    assert {each["id"] for each in verdict["findings"]} == {"conformance.ignored_auth"}
    assert STAND_IN not in "\n".join(verdict["notes"])


def test_a_key_that_the_document_wants_in_the_query_is_sent_there(tmp_path: Path) -> None:
    document = papers_alone(tmp_path, key="in: query, name: pass")
    only = ["--only", "kiosk.papers", "--only", "conformance.positive_data_acceptance", "--fast", "--json"]
    result = CliRunner().invoke(
        main, ["check", "--spec", str(document), *only], env={"COUNTERFOIL_TOKEN": "open-sesame"}
    )
    verdict = json.loads(result.stdout)
    assert (verdict["findings"], verdict["troubles"]) == ([], [])
    held = {record["id"] for record in verdict["records"] if record["status"] == "held"}
    assert held >= {"kiosk.papers.written", "kiosk.papers.auth"}, "with the key, and refused without it"
    assert "open-sesame" not in result.output


SHEDS = """
openapi: 3.0.3
info: {title: Sheds, version: "1"}
security: [{pair: []}, {token: []}]
paths:
  /keys:
    get:
      security: [{pair: []}]
      responses:
        "200": {description: ok, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Key"}}}}}
  /keys/{id}:
    get:
      security: [{pair: []}]
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Key"}}}}}
  /sheds/{shelves}:
    get:
      parameters:
        - {name: shelves, in: path, required: true, style: matrix, explode: true, schema: {type: array, items: {type: string}}}
      responses: {"200": {description: ok, content: {application/json: {schema: {type: string}}}}}
components:
  schemas:
    Key: {type: object, required: [id], properties: {id: {type: string}, colour: {type: string}}}
  securitySchemes: {pair: {type: http, scheme: basic}, token: {type: http, scheme: bearer}}
"""


def test_a_credential_suits_every_operation_and_a_list_in_a_path_is_one_text(tmp_path: Path) -> None:
    """Two operations take a user's name and password only, and one a token, too."""
    document = tmp_path / "sheds.yaml"
    document.write_text(SHEDS)
    result = CliRunner().invoke(main, ["check", "--spec", str(document), "--fast", "--json"])
    verdict = json.loads(result.stdout)
    assert (verdict["findings"], verdict["troubles"]) == ([], [])
    held = {record["id"] for record in verdict["records"] if record["status"] == "held"}
    assert held >= {"sheds.keys.auth", "sheds.keys.stable", "conformance.negative_data_rejection"}, sorted(held)


TREES = """
openapi: 3.1.0
info: {title: Trees, version: "1"}
paths:
  /trees:
    get:
      responses:
        "200": {description: ok, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Tree"}}}}}
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Tree"}}}}
      responses:
        "201": {description: made, content: {application/json: {schema: {$ref: "#/components/schemas/Tree"}}}}
  /trees/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Tree"}}}}}
components:
  schemas:
    Tree:
      $id: https://trees.example/tree
      $dynamicAnchor: node
      type: object
      required: [id]
      properties:
        id: {type: string}
        height: {type: integer}
        branches: {type: array, items: {$dynamicRef: "#node"}}
        twigs: {type: array, items: {$dynamicRef: "#"}}
        roots: {type: array, items: {$dynamicRef: "https://trees.example/tree#node"}}
"""


def test_a_dynamic_reference_is_a_notice_and_every_operation_is_checked(tmp_path: Path) -> None:
    document = tmp_path / "trees.yaml"
    document.write_text(TREES)
    told = [each.message for each in read_document(document).notices]
    said = "dynamic references are not read; anything is valid here"
    for part, each in zip(("branches", "twigs", "roots"), told, strict=True):
        assert each.endswith(f"{part}/items/$dynamicRef: {said}")
    only = ["--only", "conformance", "--writes", "--fast", "--json"]
    verdict = json.loads(CliRunner().invoke(main, ["check", "--spec", str(document), *only]).stdout)
    assert (verdict["findings"], verdict["troubles"]) == ([], [])
    statuses = {(record["operation"], record["status"]) for record in verdict["records"]}
    assert {(name, "held") for name in ("GET /trees", "POST /trees", "GET /trees/{id}")} <= statuses
    assert "not tried" not in {status for _, status in statuses}, statuses
