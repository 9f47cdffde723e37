"""Specs are read fast, never stale, and refused in one clear line."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from counterfoil import catalog, resources
from counterfoil import openapi as specs
from counterfoil.api import API, Principal, Response
from counterfoil.json_schema.validators import Schemas
from counterfoil.openapi import SpecError, loading
from counterfoil.server.app import Options, build_server

SMALL = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {/x: {get: {responses: {200: {description: d}}}}}\n"


def write(folder: Path, text: str, name: str = "small") -> Path:
    path = folder / name / "openapi.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COUNTERFOIL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_parsed_form_is_cached_and_a_changed_spec_is_parsed_again(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, SMALL)
    first = specs.load("small", directory=tmp_path)
    monkeypatch.setattr(loading, "parse", lambda *_: pytest.fail("parsed again"))
    assert specs.load("small", directory=tmp_path).raw == first.raw
    monkeypatch.undo()
    write(tmp_path, SMALL.replace("title: t", "title: u"))
    assert specs.load("small", directory=tmp_path).raw["info"]["title"] == "u"


def test_a_damaged_cache_file_is_not_used(tmp_path: Path, cache: Path) -> None:
    write(tmp_path, SMALL)
    specs.load("small", directory=tmp_path)
    for file in cache.rglob("*.json"):
        file.write_bytes(b'{"digest":')
    assert specs.load("small", directory=tmp_path).raw["openapi"] == "3.0.3"


def test_a_missing_cache_folder_is_not_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, SMALL)
    for folder in ("", "/proc/nowhere"):
        monkeypatch.setenv("COUNTERFOIL_CACHE", folder)
        assert specs.load("small", directory=tmp_path).name == "small"


def test_the_form_written_for_wheels_is_preferred_while_it_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    path = write(tmp_path, SMALL)
    written = specs.write_parsed(path)
    monkeypatch.setattr(loading, "parse", lambda *_: pytest.fail("parsed again"))
    assert specs.load("small", directory=tmp_path).raw == orjson.loads(written.read_bytes())["document"]
    monkeypatch.undo()
    write(tmp_path, SMALL.replace("title: t", "title: u"))
    assert specs.load("small", directory=tmp_path).raw["info"]["title"] == "u", "the YAML is the truth"


def test_status_codes_are_text_and_dates_stay_readable(tmp_path: Path, cache: Path) -> None:
    write(tmp_path, SMALL.replace("description: d", "description: d, x-since: 2026-01-02"))
    responses = specs.load("small", directory=tmp_path).raw["paths"]["/x"]["get"]["responses"]
    assert responses["200"]["x-since"] == "2026-01-02"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("openapi: [", "not valid YAML"),
        ("- 1", "not an OpenAPI document"),
        ("", "not an OpenAPI document"),
        ("openapi: 3.0.3\npaths: 5", "not an OpenAPI document"),
        (SMALL.replace("3.0.3", "3.1.0"), "only 3.0.x"),
        (SMALL.replace("{description: d}", "{$ref: '#/components/x'}"), "#/components/x points to nothing"),
        (SMALL.replace("{description: d}", "{$ref: 'other.yaml#/x'}"), "outside the document"),
        (
            SMALL.replace("{description: d}", "{$ref: '#/components/responses/A'}")
            + "components: {responses: {A: {$ref: '#/components/responses/A'}}}",
            "refers to itself",
        ),
        ("&a [*a]", "contains itself"),
        ("openapi: 3.0.3\npaths: {}\npaths: {}\n", "openapi.yaml:3: key 'paths' is given twice, first in line 2"),
    ],
)
def test_a_spec_that_cannot_be_served_is_one_clear_line(tmp_path: Path, cache: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SpecError) as caught:
        specs.load("small", directory=tmp_path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert said in message
    assert "\n" not in message


def test_validation_is_there_when_asked_for(tmp_path: Path, cache: Path) -> None:
    write(tmp_path, SMALL.replace("description: d", "describe: d"))
    specs.load("small", directory=tmp_path)
    with pytest.raises(SpecError, match="does not validate at '#/paths"):
        specs.load("small", directory=tmp_path, validate=True)
    write(tmp_path, SMALL)
    specs.load("small", directory=tmp_path, validate=True)


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("parameters: [{name: a, in: body, schema: {type: string}}], ", "in body"),
        ("parameters: [{name: a, in: query, content: {}}], ", "no schema"),
        ("parameters: [{in: query}], ", "cannot be served|is not as OpenAPI"),
        ("requestBody: {content: {}}, ", "no content"),
        ("requestBody: {content: {application/json: {schema: {type: string, pattern: '('}}}}, ", "does not compile"),
        ("requestBody: {content: {application/json: {schema: 5}}}, ", "schema must be a mapping"),
    ],
)
def test_what_cannot_be_served_faithfully_is_refused_at_start(
    tmp_path: Path, cache: Path, operation: str, said: str
) -> None:
    write(tmp_path, SMALL.replace("get: {", "get: {" + operation))
    api = API("small", "Small", "/small", {}, lambda h, w: Principal("x"), lambda r: Response(r.status))
    with pytest.raises(SpecError, match=said):
        build_server([api], lambda name: None, options=Options(specs=tmp_path))


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "nullable": True, "enum": ["a"]}, ["a", None], ["b", 1]),
        ({"nullable": True, "allOf": [{"type": "object", "required": ["x"]}]}, [None, {"x": 1}], [{}, 1]),
        ({"nullable": True, "oneOf": [{"type": "string"}, {"type": "integer"}]}, [None, 1, "a"], [[]]),
        ({"type": "integer", "format": "int32"}, [2**31 - 1], [2**31]),
        ({"type": "number", "exclusiveMinimum": True, "minimum": 0}, [0.1], [0]),
        ({"type": "string", "format": "date"}, ["2026-02-28"], ["2026-02-29"]),
        ({"type": "object", "required": []}, [{}], [1]),
        (
            {"type": "object", "properties": {"type": {"type": "string"}, "id": {"type": "integer"}}},
            [{"id": 1}],
            [{"id": "1"}],
        ),
    ],
)
def test_openapi_schemas_mean_the_same_when_compiled(schema: object, good: list[object], bad: list[object]) -> None:
    schemas = Schemas({})
    validator = schemas.validator(schema, "response")
    schemas.compile()
    assert [value for value in good if not validator.is_valid(value)] == []
    assert [value for value in bad if validator.is_valid(value)] == []


def test_read_only_and_write_only_members() -> None:
    schema = {
        "type": "object",
        "required": ["id", "password"],
        "properties": {
            "id": {"type": "string", "readOnly": True},
            "password": {"$ref": "#/components/schemas/Password"},
        },
    }
    schemas = Schemas({"components": {"schemas": {"Password": {"type": "string", "writeOnly": True}}}})
    request, response = schemas.validator(schema, "request"), schemas.validator(schema, "response")
    schemas.compile()
    assert request.is_valid({"password": "x"})
    assert request.is_valid({"password": "x", "id": 5}), "the server owns it"
    assert not request.is_valid({"id": "1"})
    assert response.is_valid({"id": "1"})
    assert not response.is_valid({"password": "x"})


def test_a_schema_may_refer_to_itself() -> None:
    tree = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
            "parent": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Tree"}]},
        },
    }
    schemas = Schemas({"components": {"schemas": {"Tree": tree}}})
    validator = schemas.validator({"$ref": "#/components/schemas/Tree"}, "response")
    schemas.compile()
    assert validator.is_valid({"name": "a", "parent": None, "children": [{"name": "b", "parent": {"name": "a"}}]})
    assert not validator.is_valid({"name": "a", "children": [{"name": "b", "children": [{"name": 3}]}]})
    assert not validator.is_valid({"name": "a", "parent": {"name": "b", "parent": {}}})


def test_resources_are_found_in_a_checkout_and_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (resources.specs_dir() / "elevate").parent.is_dir()
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "site" / "counterfoil")
    with pytest.raises(FileNotFoundError, match="reinstall"):
        resources.fixtures_dir()
    for name in ("toy", "control"):
        write(tmp_path / "site" / "counterfoil" / "_data" / "specs", SMALL, name)
    (tmp_path / "site" / "counterfoil" / "_data" / "fixtures").mkdir()
    assert catalog.api_names() == ("toy",)


def test_every_included_spec_can_be_served() -> None:
    apis = [
        API(name, name, f"/{name}", {}, lambda h, w: Principal("x"), lambda r: Response(r.status))
        for name in catalog.api_names()
    ]
    assert set(build_server(apis, lambda name: None).served) == set(catalog.api_names())
