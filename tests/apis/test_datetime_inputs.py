"""Every date-time with the offset ``+0100`` is accepted, or the refusal says to write ``+01:00``, and ``%2B`` in a URL.

The inputs are derived from the specs: every parameter and body member of all APIs, and of the control API, that is a date-time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from conftest import KEY
from counterfoil import openapi
from counterfoil.app import build
from counterfoil.catalog import api_names
from counterfoil.testing.in_process import InProcessTransport

Json = Any
CONTROL = Path(__file__).resolve().parents[2] / "specs" / "control" / "openapi.yaml"
BASIC = "2026-01-10T13:00:00+0100"
HOW = "write it as in 2026-01-31T09:00:00Z or 2026-01-31T10:00:00+01:00"


def spec_of(api: str) -> openapi.Spec:
    if api == "control":
        return openapi.from_document(api, openapi.parse(CONTROL.read_bytes(), str(CONTROL)))
    return openapi.load(api)


def is_instant(spec: openapi.Spec, schema: Json) -> bool:
    schema = openapi.resolve(spec.raw, schema)
    return "date-time" in {schema.get("format"), schema.get("x-assumed", {}).get("format")}


def inputs(spec: openapi.Spec) -> Iterator[tuple[str, str, str]]:
    """(operation, "query" or "body", name) of each date-time that a request can have."""
    for name, operation in spec.operations.items():
        for each in operation.get("parameters", ()):
            if is_instant(spec, each["schema"]):
                yield name, each["in"], each["name"]
        for media in operation.get("requestBody", {}).get("content", {}).values():
            for member, schema in openapi.resolve(spec.raw, media["schema"]).get("properties", {}).items():
                if is_instant(spec, schema):
                    yield name, "body", member


def required(operation: Json, body: bool) -> dict[str, Json]:
    """The required query parameters, or an example of the body."""
    if not body:
        mine = (each for each in operation.get("parameters", ()) if each.get("required") and each["in"] == "query")
        return {each["name"]: each.get("example", each["schema"].get("example")) for each in mine}
    media = next(iter(operation["requestBody"]["content"].values()))
    examples = [each["value"] for each in media.get("examples", {}).values() if "value" in each]
    return dict(media.get("example") or next(iter(examples), {}))


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    keys = {"Authorization": f"Bearer {KEY}", "x-api-key": KEY}
    application = build(scenario_name="one-month")
    with httpx.Client(
        transport=InProcessTransport(application.server), base_url="http://localhost", headers=keys, timeout=60
    ) as opened:
        yield opened


@pytest.fixture
def send(client: httpx.Client) -> Callable[..., httpx.Response]:
    prefixes = {api.name: api.prefix for api in build().apis} | {"control": "/_sandbox/v1"}

    def sent(api: str, name: str, operation: Json, where: str, values: dict[str, Json], raw: str = "") -> Any:
        method, _, path = name.partition(" ")
        url = prefixes[api] + path.replace("{world}", "default").replace("{name}", "default")
        if where == "body":
            return client.request(method, url, json=values)
        return client.request(method, f"{url}?{urlencode(values)}{raw}")

    return sent


@pytest.mark.parametrize("api", [*api_names(), "control"])
def test_a_basic_offset_is_taken_or_told_how_to_write(send: Any, api: str) -> None:
    spec = spec_of(api)
    tried = 0
    for name, where, member in inputs(spec):
        operation = spec.operations[name]
        values = required(operation, where == "body")
        ways = [({**values, member: BASIC}, "")]
        if where == "query":  # not escaped, + is a space
            ways.append((values, f"&{member}={BASIC}"))
        for given, raw in ways:
            answer = send(api, name, operation, where, given, raw)
            assert answer.status_code < 500, (name, member, answer.text)
            assert answer.status_code != 404, (name, member, answer.text)
            if answer.status_code >= 300:
                assert HOW in answer.text, (name, member, answer.text)
                assert member in answer.text
                assert where == "body" or "(in a URL, + is %2B)" in answer.text, answer.text
            elif raw:
                pytest.fail(f"{name}: {member} was read though its + was a space: {answer.text[:200]}")
            tried += 1
    assert tried >= {"oracle-brm": 50, "billingplatform": 4, "flexprice": 6, "control": 4}.get(api, 0)


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("/_sandbox/v1/worlds/default/commands/create_run", "invoice_date"),
        ("/billingplatform/backend/api/v1/billingRuns/", "invoiceDate"),
    ],
)
def test_a_refused_date_is_told_how_to_write(client: httpx.Client, path: str, member: str) -> None:
    for written in ("01.02.2026", "2026-02-30", "20260201", "2026-02-01T00:00:00Z"):
        refused = client.post(path, json={member: written})
        assert refused.status_code == 400
        assert member in refused.text
        assert "write it as in 2026-01-31" in refused.text
