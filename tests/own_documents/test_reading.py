"""Any OpenAPI document is read: parts that cannot be understood are reported with file and line, and the rest is used."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from counterfoil.openapi import Spec, SpecError, read_document

from .conftest import DOCUMENTS

BAKERY = DOCUMENTS / "bakery" / "openapi.yaml"


def schema_of(spec: Spec, operation: str, status: str = "200") -> Any:
    (content,) = spec.operations[operation]["responses"][status]["content"].values()
    return content["schema"]


def test_every_mistake_of_a_document_is_told_with_its_line_and_nothing_else_is() -> None:
    path = DOCUMENTS / "crooked.yaml"
    expected = {
        number: line.partition("  # ")[2]
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "  # " in line
    }
    spec = read_document(path)
    told: dict[int, list[str]] = {}
    for notice in spec.notices:
        assert notice.where == str(path)
        told.setdefault(notice.line, []).append(notice.message)
    missing = {n: text for n, text in expected.items() if not any(text in each for each in told.get(n, ()))}
    assert missing == {}
    assert {n: messages for n, messages in told.items() if n not in expected} == {}


def test_the_rest_of_a_crooked_document_is_served() -> None:
    spec = read_document(DOCUMENTS / "crooked.yaml")
    operations = ["GET /things", "GET /things/{id}", "GET /twice", "GET /failures", "GET /linked"]
    assert list(spec.operations) == operations
    assert list(spec.operations["GET /failures"]["responses"]) == ["404", "2XX"]
    linked = spec.operations["GET /linked"]
    assert list(linked["responses"]["200"]["links"]) == ["good"]
    assert [sorted(each.keys() & {"schema", "content"}) for each in linked["parameters"]] == [["content"], ["schema"]]
    assert linked["parameters"][1]["schema"]["maximum"] == 1e23
    fields = spec.raw["components"]["schemas"]["Thing"]["properties"]
    assert [fields[name] for name in ("key", "other")] == [
        {"type": "string", "maxLength": 24},
        {"type": "string", "example": "abc"},
    ]
    assert fields["mood"]["enum"] == ["good", "bad", None], "nullable is meant"
    assert spec.base_path == "/v1"
    things = spec.operations["GET /things"]
    assert [each["name"] for each in things["parameters"]] == ["b", "c"]
    assert things["responses"]["200"]["content"]["application/json"]["example"] == {
        "$ref": "https://crooked.example/things/1"
    }, "a $ref in an example is data"
    assert list(things["responses"]) == ["200", "404"]
    assert spec.operations["GET /twice"]["responses"]["200"]["description"] == "second"


def test_swagger_2_is_seen_as_openapi_3() -> None:
    spec = read_document(DOCUMENTS / "workshop.yaml")
    assert (spec.base_path, spec.schema_dialect, spec.notices) == ("/api/v2", "draft4", ())
    page, states, tags = sorted(spec.operations["GET /jobs"]["parameters"], key=lambda each: each["name"])
    assert page["schema"] == {"type": "integer", "minimum": 1, "default": 1}
    assert (states["style"], states["explode"], tags["explode"]) == ("pipeDelimited", False, True)
    body = spec.operations["POST /jobs"]["requestBody"]
    assert body == {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}}}
    job = spec.raw["components"]["schemas"]["Job"]
    assert job["properties"]["parent"] == {"$ref": "#/components/schemas/Job"}
    assert job["properties"]["note"] == {"type": "string", "nullable": True}
    photo = spec.operations["POST /jobs/{id}/photo"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert photo["required"] == ["width", "photo"]
    assert photo["properties"]["photo"] == {"type": "string", "format": "binary"}
    assert list(spec.operations["GET /report"]["responses"]["200"]["content"]) == [
        "application/json;charset=utf-8",
        "text/csv",
    ]
    schemes = spec.raw["components"]["securitySchemes"]
    assert schemes["login"] == {"type": "http", "scheme": "basic"}
    assert list(schemes["partner"]["flows"]) == ["clientCredentials"]


def test_openapi_3_1_keeps_its_own_schemas() -> None:
    spec = read_document(DOCUMENTS / "ferry.json")
    assert (spec.base_path, spec.schema_dialect, spec.notices) == ("/ferry", "2020-12", ())
    schemas = spec.raw["components"]["schemas"]
    stop = schemas["Trip"]["properties"]["stops"]["prefixItems"][0]["$ref"].rpartition("/")[2]
    assert schemas[stop]["required"] == ["name"]
    assert schemas["Trip"]["properties"]["since"]["type"] == ["string", "null"]
    (media,) = spec.operations["POST /trips"]["requestBody"]["content"].values()
    assert media["schema"] == {"$ref": "#/components/schemas/Trip", "required": ["port"]}
    assert media["examples"]["linked"]["value"]["$ref"] == "https://ferry.example/trips/1"


def test_a_document_may_be_split_over_files_below_its_folder() -> None:
    spec = read_document(BAKERY)
    assert list(spec.operations) == ["GET /loaves", "POST /loaves", "GET /ovens"]
    assert spec.operations["GET /loaves"]["parameters"] == [
        {"name": "limit", "in": "query", "schema": {"type": "integer"}}
    ]
    assert schema_of(spec, "GET /loaves")["items"] == {"$ref": "#/components/schemas/Loaf"}
    assert schema_of(spec, "POST /loaves", "201") == {"$ref": "#/components/schemas/Loaf"}
    schemas = spec.raw["components"]["schemas"]
    assert schemas["Loaf"]["properties"]["madeOf"] == {"$ref": "#/components/schemas/Loaf"}, "it refers to itself"
    oven = schemas["Loaf"]["properties"]["bakedIn"]["$ref"].rpartition("/")[2]
    assert schema_of(spec, "GET /ovens") == {"$ref": f"#/components/schemas/{oven}"}
    assert schemas[oven]["properties"]["holds"]["items"] == {"$ref": "#/components/schemas/Loaf"}


def test_files_outside_the_folder_and_addresses_are_not_read() -> None:
    outside, address = read_document(BAKERY).notices
    assert (outside.line, address.line) == (12, 13)
    assert "'../secrets.yaml#/Response' is outside the document's folder" in outside.message
    assert "'https://bakery.example/gone.yaml' is at another address, and nothing is fetched" in address.message


def test_a_change_in_any_file_is_seen_and_an_unchanged_document_is_not_parsed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(BAKERY.parent, tmp_path / "bakery")
    path = tmp_path / "bakery" / "openapi.yaml"
    first = read_document(path)
    from counterfoil import yaml_reader

    monkeypatch.setattr(yaml_reader, "read_document", lambda *_, **__: pytest.fail("parsed again"))
    again = read_document(path)
    assert (again.raw, again.operations, again.notices) == (first.raw, first.operations, first.notices)
    monkeypatch.undo()
    loaf = path.parent / "schemas" / "loaf.json"
    loaf.write_text(loaf.read_text().replace('"name": {"type": "string"}', '"name": {"type": "integer"}'))
    changed = read_document(path).raw["components"]["schemas"]["Loaf"]
    assert changed["properties"]["name"] == {"type": "integer"}


def test_json_with_a_line_for_each_notice(tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    path.write_text(
        '{"openapi": "3.0.0", "info": {"title": "\\"{[,", "version": "1"},\n "paths": {\n'
        '  "/a\\/b": {"get": {"responses": {"200": {"description": "x"}},\n'
        '    "parameters": [{"name": "a", "in": "query", "schema": {}},\n'
        '      {"name": "b", "in": "nowhere"}]}}}}'
    )
    spec = read_document(path)
    assert list(spec.operations) == ["GET /a/b"]
    assert [(each.line, each.message) for each in spec.notices] == [
        (5, "#/paths/~1a~1b/get/parameters/1: b is in nowhere, which is not a place for parameters; left out")
    ]


def test_a_key_that_json_has_twice_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    path.write_text(
        '{"openapi": "3.0.0", "info": {"title": "T", "version": "1"}, "paths": {\n'
        '  "/a": {"get": {"responses": {"200": {"description": "x"}}}},\n'
        '  "/\\u0061": {"get": {"responses": {"204": {"description": "a, \\"b\\": {"}}}},\n'
        '  "x-b": [{"x": 1}, {"x": 1, "y": [1, 2], "x": 2}]}}'
    )
    spec = read_document(path)
    assert list(spec.operations["GET /a"]["responses"]) == ["204"]
    told = [(each.line, each.message) for each in spec.notices]
    assert told == [
        (3, "key '/a' is given twice, first in line 2; the last counts"),
        (4, "key 'x' is given twice, first in line 4; the last counts"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("openapi: [", "own.yaml:2: not valid YAML"),
        ("- 1", "not an OpenAPI document"),
        ("", "not an OpenAPI document"),
        ("{}", "not an OpenAPI document"),
        ("just text", "not an OpenAPI document"),
        ("\x00\x01", "not valid YAML"),
        ("openapi: 4.0.0\npaths: {}", "version '4.0.0' of OpenAPI is not known"),
        ("swagger: 1.2\npaths: {}", "version '1.2' of OpenAPI is not known"),
        ("asyncapi: 3.0.0", "not an OpenAPI document"),
        ("openapi: 3.0.0\npaths: &p\n  x: *p", "contains itself"),
        ("openapi: 3.0.0\n" + "#" * (11 * 1024 * 1024), "too large"),
        ('{"openapi": "3.0.0", "x": ' + "[" * 5000 + "]" * 5000 + "}", "own.yaml"),
    ],
)
def test_what_is_no_openapi_document_is_one_clear_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        read_document(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere.yaml", "no such file"),
        (".", "is not a file"),
        ("https://api.example/openapi.yaml", "nothing is fetched"),
    ],
)
def test_a_document_that_is_not_there_is_one_clear_line(tmp_path: Path, path: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        read_document(Path(path) if ":" in path else tmp_path / path)


def test_a_document_without_paths_has_no_operations(tmp_path: Path) -> None:
    path = tmp_path / "Events API.v2.yaml"
    path.write_text("openapi: 3.1.0\ninfo: {title: x, version: '1'}\nwebhooks: {}\n")
    spec = read_document(path)
    assert (spec.name, spec.operations, spec.base_path) == ("events-api-v2", {}, "")


def test_named_examples_are_found_by_reference_and_openapi_3_2_is_read_like_3_1(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "openapi: 3.2.0\ninfo: {title: x, version: '1'}\npaths: {/a: {get: {responses: {200: {description: x, content: "
        "{application/json: {schema: {type: [string, 'null']}, examples: {one: {$ref: '#/components/examples/One'}}}}}}}}}\n"
        "components: {examples: {One: {value: {$ref: kept}}}}\n"
    )
    spec = read_document(path)
    assert (spec.schema_dialect, spec.notices) == ("2020-12", ())
    (media,) = spec.operations["GET /a"]["responses"]["200"]["content"].values()
    assert media == {"schema": {"type": ["string", "null"]}, "examples": {"one": {"value": {"$ref": "kept"}}}}
