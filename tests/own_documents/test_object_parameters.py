"""Parameters with brackets (JSON:API), and objects, page, filter, sort and select the fields of a list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.own_documents.checked import verdict
from tests.own_documents.served import DOCUMENTS, served

from .test_laws import checked, none

NEWSROOM = DOCUMENTS / "newsroom.yaml"


@pytest.fixture(scope="module")
def newsroom() -> Iterator[httpx.Client]:
    with served(NEWSROOM, rows=25) as client:
        yield client


def ids(client: httpx.Client, url: str) -> list[str]:
    response = client.get(url)
    assert response.status_code == 200, response.text
    return [each["id"] for each in response.json()["data"]]


def linked(client: httpx.Client, url: str, name: str) -> list[list[str]]:
    """The ids of the page at ``url`` and of those that its links of that name lead to."""
    found = []
    while url:
        page = client.get(url).json()
        found.append([each["id"] for each in page["data"]])
        url = page["links"].get(name) or ""
    return found


def test_numbered_pages_in_brackets_make_up_the_list(newsroom: httpx.Client) -> None:
    whole = ids(newsroom, "/articles?page[size]=50")
    assert (len(whole), ids(newsroom, "/articles")) == (25, whole[:10])
    assert ids(newsroom, "/articles?page[number]=3&page[size]=10") == whole[20:]
    assert ids(newsroom, "/articles?page%5Bnumber%5D=2&page%5Bsize%5D=4") == whole[4:8]
    page = newsroom.get("/articles?page[number]=2&page[size]=4").json()
    assert page["meta"] == {"total": 25, "page": {"number": 2, "size": 4}}
    links = page["links"]
    assert ids(newsroom, links["self"]) == whole[4:8]
    assert ids(newsroom, links["first"]) == ids(newsroom, links["prev"]) == whole[:4]
    assert ids(newsroom, links["next"]) == whole[8:12]
    assert ids(newsroom, links["last"]) == whole[24:]
    assert newsroom.get("/articles?page[number]=0").status_code == 400
    assert newsroom.get("/articles?page[size]=51").status_code == 400


def test_offsets_and_cursors_in_brackets_lead_through_the_list_and_back(newsroom: httpx.Client) -> None:
    people = ids(newsroom, "/people?page[limit]=20") + ids(newsroom, "/people?page[limit]=20&page[offset]=20")
    assert linked(newsroom, "/people?page[limit]=10", "next") == [people[:10], people[10:20], people[20:]]
    assert ids(newsroom, "/people?page[offset]=7&page[limit]=2") == people[7:9]
    events = ids(newsroom, "/events?page[size]=50")
    assert linked(newsroom, "/events?page[size]=12", "next") == [events[:12], events[12:24], events[24:]]
    last = newsroom.get(f"/events?page[size]=12&page[after]={events[23]}").json()
    assert linked(newsroom, last["links"]["prev"], "prev") == [events[12:24], events[:12]]
    assert newsroom.get("/events?page[after]=nothing").status_code == 400


def test_filters_in_brackets_select(newsroom: httpx.Client) -> None:
    articles = newsroom.get("/articles?page[size]=50").json()["data"]
    drafts = [each["id"] for each in articles if each["attributes"].get("status") == "draft"]
    assert 0 < len(drafts) < 25
    assert ids(newsroom, "/articles?filter[status]=draft&page[size]=50") == drafts
    first = newsroom.get("/articles?filter[status]=draft&page[size]=2").json()
    assert ids(newsroom, first["links"]["next"]) == drafts[2:4]
    made = sorted(each["attributes"]["created_at"] for each in articles if "created_at" in each["attributes"])
    since = ids(newsroom, f"/articles?filter[created_at][gte]={made[-3]}&page[size]=50")
    assert len(since) == 3
    name = newsroom.get("/people").json()["data"][3]["attributes"]["name"]
    assert newsroom.get("/people", params={"filter[name]": name}).json()["data"][0]["attributes"]["name"] == name
    opened = newsroom.get("/events?filter[kind]=opened&page[size]=50").json()["data"]
    assert {each["attributes"]["kind"] for each in opened} == {"opened"}
    assert newsroom.get("/articles?filter[status]=lost").status_code == 400


def test_sort_fields_and_include(newsroom: httpx.Client) -> None:
    def titles(url: str) -> list[Any]:
        return [each["attributes"]["title"] for each in newsroom.get(url).json()["data"]]

    assert titles("/articles?sort=-title,created_at&page[size]=50") == sorted(titles("/articles?page[size]=50"))[::-1]
    narrowed = newsroom.get("/articles?fields[articles]=title&include=author&page[size]=3").json()
    assert [set(each["attributes"]) for each in narrowed["data"]] == [{"title"}] * 3
    whole = newsroom.get("/articles?page[size]=3").json()["data"]
    assert newsroom.get("/articles?fields[people]=name&page[size]=3").json()["data"] == whole
    with_author = newsroom.get("/articles?include=author&page[size]=3").json()
    authors = {each["relationships"]["author"]["data"]["id"] for each in with_author["data"] if "relationships" in each}
    assert {each["id"] for each in with_author["included"]} == authors
    people = newsroom.get("/people?fields[people]=name&page[limit]=3").json()["data"]
    assert [set(each["attributes"]) for each in people] == [{"name"}] * 3


def test_a_page_and_its_size_in_one_object_of_the_query(newsroom: httpx.Client) -> None:
    whole = newsroom.get("/visits?page=0&size=100").json()["content"]
    page = newsroom.get("/visits?page=2&size=10").json()
    assert (page["content"], page["totalElements"], page["totalPages"], page["number"]) == (whole[20:], 25, 3, 2)
    ordered = newsroom.get("/visits?page=0&size=100&sort=pages,desc").json()["content"]
    assert [each["pages"] for each in ordered] == sorted((each["pages"] for each in whole), reverse=True)


def test_laws_of_such_parameters_hold_and_break(newsroom: httpx.Client) -> None:
    held = {id for id, record in checked(none, NEWSROOM).items() if record.status == "held"}
    assert held >= {
        "newsroom.articles.pages.concat",
        "newsroom.articles.pages.size",
        "newsroom.articles.filter.filter[status]",
        "newsroom.articles.sort.descending",
        "newsroom.people.pages.offset",
        "newsroom.people.filter.filter[name]",
        "newsroom.events.pages.walk",
        "newsroom.events.filter.filter[kind]",
    }

    def ignores_brackets(request: httpx.Request, ask: Any) -> httpx.Response:
        kept = [(name, value) for name, value in request.url.params.multi_items() if "[" not in name]
        return ask(httpx.Request(request.method, request.url.copy_with(params=kept), headers=request.headers))

    broken = {id for id, record in checked(ignores_brackets, NEWSROOM).items() if record.status == "broken"}
    assert broken >= {
        "newsroom.articles.pages.size",
        "newsroom.articles.filter.filter[status]",
        "newsroom.people.pages.size",
        "newsroom.events.filter.filter[kind]",
    }


NESTED = """
openapi: 3.0.3
info: {title: Nested, version: "1"}
paths:
  /sails:
    get:
      parameters:
        - {name: page, in: query, schema: {$ref: "#/components/schemas/Page"}}
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 50}}
        - {name: sewn, in: query, required: true, style: deepObject, explode: true, schema: {$ref: "#/components/schemas/Span"}}
        - name: filters
          in: query
          style: deepObject
          explode: true
          schema:
            type: object
            properties:
              area: {type: object, nullable: true, properties: {more: {type: integer, nullable: true}}}
      responses:
        "200":
          description: sails
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Sail"}}}}
        "400": {description: wrong}
  /ropes:
    get:
      description: The cursor is the time of the last rope of a page.
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 50}}
        - {name: starting_after, in: query, schema: {type: string, format: date-time}}
      responses:
        "200":
          description: ropes
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Sail"}}}}
        "400": {description: wrong}
components:
  schemas:
    Page: {type: integer, minimum: 1, maximum: 9}
    Span: {type: object, required: [after], properties: {after: {type: string, format: date-time}}}
    Sail:
      type: object
      required: [id, created_at]
      properties: {id: {type: integer}, created_at: {type: string, format: date-time}}
"""


def test_objects_in_a_query_and_times_as_cursors_give_no_finding(tmp_path: Path) -> None:
    document = tmp_path / "nested.yaml"
    document.write_text(NESTED)
    found = verdict(document)
    assert (found["findings"], found["troubles"]) == ([], [])
    statuses = {each["id"]: each["status"] for each in found["records"]}
    assert statuses["nested.sails.pages.end"] == "held"
    assert statuses["nested.sails.unique"] == "held"
    assert statuses["nested.ropes.unique"] == "held"
