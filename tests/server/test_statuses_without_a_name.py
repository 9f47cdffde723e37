"""A status without a registered phrase, such as 499 or 599, can be requested from any operation that documents it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from counterfoil.lookup import own_api
from counterfoil.testing import Sandbox, SandboxServer

HARBOUR = """
openapi: 3.0.3
info: {title: Harbour, version: "1"}
paths:
  /berths:
    get:
      responses:
        "200":
          description: all
          content: {application/json: {schema: {type: array, items: {type: object, properties: {id: {type: integer}}}}}}
        default:
          description: an error
          content:
            application/json:
              schema:
                type: object
                required: [title, status, code, message]
                properties:
                  title: {type: string}
                  status: {type: integer}
                  code: {type: string, enum: [not_found, unprocessable_content, content_too_large, other]}
                  message: {type: string}
  /tides:
    get:
      responses:
        "200": {description: all}
        4XX: {description: an error, content: {application/problem+json: {schema: {type: object}}}}
        5XX: {description: an error}
  /ships:
    get:
      responses:
        "200": {description: all}
        default:
          description: an error
          content: {application/problem+json: {schema: {type: object, minProperties: 1, maxProperties: 0}}}
"""


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    document = tmp_path_factory.mktemp("harbour") / "harbour.yaml"
    document.write_text(HARBOUR)
    server = SandboxServer(own=(own_api(document, rows=2, seed=0),))
    with Sandbox("quiet", server=server) as sandbox:
        yield sandbox
    server.stop()


def asked(world: Sandbox, path: str, status: int) -> list[httpx.Response]:
    """The responses to ``Prefer`` and with a fault."""
    with world.client() as client:
        preferred = client.get(path, headers={"prefer": f"code={status}"})
        world.fail("harbour", operation=f"GET {path}", status=status)
        failed = client.get(path)
    world.clear_faults()
    return [preferred, failed]


@pytest.mark.parametrize(
    ("status", "title"),
    [(404, "Not Found"), (413, "Content Too Large"), (422, "Unprocessable Content"), (499, "Error"), (599, "Error")],
)
def test_the_documents_own_error_has_a_title_for_every_status(harbour: Sandbox, status: int, title: str) -> None:
    for response in asked(harbour, "/berths", status):
        body: dict[str, Any] = response.json()
        assert (response.status_code, body["title"], body["status"]) == (status, title, status), response.text
        if title != "Error":
            assert body["code"] == title.lower().replace(" ", "_")


@pytest.mark.parametrize("path", ["/tides", "/ships"])
@pytest.mark.parametrize("status", [499, 599])
def test_other_errors_have_the_status_that_was_asked_for(harbour: Sandbox, path: str, status: int) -> None:
    assert [each.status_code for each in asked(harbour, path, status)] == [status, status]


def test_a_problem_has_a_title_too(harbour: Sandbox) -> None:
    """No body fits the schema that ``GET /ships`` documents for errors."""
    for response in asked(harbour, "/ships", 499):
        problem = response.json()
        assert (problem["title"], problem["status"]) == ("Error", 499)


@pytest.mark.parametrize("status", [499, 599])
def test_vendors_document_no_such_status(stand_in: Any, status: int) -> None:
    here = stand_in()
    paths = {
        "elevate": "/customer-billing-summaries?page=1&pageSize=10",
        "oracle-brm": "/customerBill",
        "flexprice": "/customers/x/invoices/summary",
        "emnify": "/organisation/1/billing",
        "billingplatform": "/billingRuns/",
    }
    for api, path in paths.items():
        assert here.get(api, path, headers={"prefer": f"code={status}"}).status_code == 400, api
