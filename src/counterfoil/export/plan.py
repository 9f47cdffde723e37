"""Finds one request for each operation, and tries it in the world, in the order in which the requests are exported."""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpx

from counterfoil.api import API
from counterfoil.app import Application
from counterfoil.asgi import CONTROL_PREFIX
from counterfoil.export.candidates import Candidates, as_text
from counterfoil.export.sample import VARIABLE, Collection, Sample, one_line, unique
from counterfoil.openapi import Spec
from counterfoil.testing.in_process import InProcessTransport
from counterfoil.world.scenario import DEFAULT_KEY

Json = Any

HOST, TOKEN, BASIC = "host", "token", "basic"
WORLD = "world"
"""The folder with the requests to the control API."""
MAX_OPTIONAL = 12
MAX_TRIES = 12
_OF_ITS_OWN = {"accept", "authorization", "content-type"}
"""Header parameters that OpenAPI ignores: they are said elsewhere."""


def plan(application: Application, *, host: str, world: str, customer: int) -> Collection:
    """The requests to all APIs of an application, each with the status that it was answered with.

    ``host`` is where they will be sent, ``world`` the world they will be about. They begin with a reset of it, so that they are
    answered in the same way each time that all are sent.
    """
    variables = {HOST: host, TOKEN: DEFAULT_KEY}
    prefix = "" if world == "default" else f"/w/{quote(world, safe='')}"
    samples = list(_of_the_world(world))
    with httpx.Client(transport=InProcessTransport(application.server), base_url="http://127.0.0.1") as client:
        for api, spec in application.server.served.values():
            found = list(_SampleRequests(api, spec, application, client, customer).samples())
            names = unique(each.name for each in found)
            samples += [
                replace(each, name=name, path=prefix + each.path) for each, name in zip(found, names, strict=True)
            ]
    if any(VARIABLE % BASIC in value for each in samples for _, value in each.headers):
        variables[BASIC] = base64.b64encode(f"user:{DEFAULT_KEY}".encode()).decode()
    scenario = application.world.scenario
    return Collection(
        title=f"counterfoil: {scenario.name}",
        text=f"Requests to the scenario {scenario.name}, seed {application.world.seed}. 'Begin again' puts the world back to its "
        "beginning; sent in order after it, each request is answered with the status that it names.",
        variables=variables,
        titles={WORLD: "The world", **{api.name: one_line(api.title) for api in application.apis}},
        samples=tuple(samples),
    )


def _of_the_world(world: str) -> Iterator[Sample]:
    base = f"{CONTROL_PREFIX}/worlds/{quote(world, safe='')}"
    again, clock = (
        "Puts the world back to where its scenario ended.",
        "The world's time, and what happens next by itself.",
    )
    yield Sample(WORLD, "Begin again", again, "POST", f"{base}/reset", status=200)
    yield Sample(WORLD, "Show the clock", clock, "GET", f"{base}/clock", status=200)


class _SampleRequests:
    """The operations of one API, tried one after another in the default world."""

    def __init__(self, api: API, spec: Spec, application: Application, client: httpx.Client, customer: int) -> None:
        self.api = api
        self.spec = spec
        self.client = client
        self.candidates = Candidates(api, spec, lambda: application.world, customer)

    def samples(self) -> Iterator[Sample]:
        """A request for each operation: lists, then what creates, what reads, what changes and what deletes."""
        for name in sorted(self.spec.operations, key=_request_order):
            yield self._tried(name, self.spec.operations[name])

    def _tried(self, name: str, operation: Mapping[str, Json]) -> Sample:
        method, _, path = name.partition(" ")
        best: Sample | None = None
        values = list(itertools.islice(self._path_values(operation, path, []), MAX_TRIES))
        for given in values if method == "GET" else values[:1]:
            sample = self._sample(name, operation, given)
            response = self._send(sample)
            sample = replace(sample, status=response.status_code)
            if best is None or response.is_success:
                best = sample
            if response.is_success:
                self._remember(name, operation, given, response)
                break
        assert best is not None
        return best

    def _remember(self, name: str, operation: Mapping[str, Json], given: list[str], response: httpx.Response) -> None:
        method, _, path = name.partition(" ")
        for (at, _), value in zip(_parameters(path), given, strict=True):
            self.candidates.remember_path_value(at, value)
        try:
            self.candidates.remember_response(method, path, operation, response.status_code, response.json())
        except ValueError:
            return

    def _path_values(self, operation: Mapping[str, Json], path: str, before: list[str]) -> Iterator[list[str]]:
        """Values for the parameters in the path, one list after another, the best first."""
        places = _parameters(path)
        if len(before) == len(places):
            yield before
            return
        at, name = places[len(before)]
        parameter = next(
            (each for each in operation["parameters"] if each["in"] == "path" and each["name"] == name), {"name": name}
        )
        for value in self.candidates.of_parameter(operation, parameter, at, before):
            yield from self._path_values(operation, path, [*before, value])

    def _sample(self, name: str, operation: Mapping[str, Json], given: list[str]) -> Sample:
        method, _, path = name.partition(" ")
        values = iter(given)
        filled = re.sub(r"{[^{}]*}", lambda match: quote(next(values), safe=""), path)
        headers, query = self._credential(operation)
        optional: list[tuple[str, str]] = []
        for each in operation["parameters"]:
            is_needed = each.get("required") is True
            if each["in"] == "query" and (is_needed or "example" in each):
                (query if is_needed else optional).extend(self._query(each))
            elif each["in"] == "header" and is_needed and each["name"].lower() not in _OF_ITS_OWN:
                headers += [(each["name"], value) for value in self.candidates.examples(each)[:1]]
        body = self.candidates.body(name, operation)
        if body is not None:
            headers.append(("Content-Type", body[1]))
        return Sample(
            folder=self.api.name,
            name=one_line(str(operation.get("summary") or name)),
            text=name,
            method=method,
            path=f"{self.api.prefix}{filled}",
            query=tuple(query),
            optional_query=tuple(optional[:MAX_OPTIONAL]),
            headers=tuple(headers),
            body=None if body is None else body[0],
        )

    def _query(self, parameter: Mapping[str, Json]) -> list[tuple[str, str]]:
        if isinstance(parameter.get("example"), list) and parameter.get("explode", True):
            return [(parameter["name"], as_text(each)) for each in parameter["example"]]
        return [(parameter["name"], value) for value in self.candidates.examples(parameter)[:1]]

    def _credential(self, operation: Mapping[str, Json]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Headers and query parameters with the credential that the operation wants, as a variable."""
        wanted: Mapping[str, Json] = next(iter(operation.get("security") or ()), {})
        schemes = (self.spec.raw.get("components") or {}).get("securitySchemes") or {}
        headers: list[tuple[str, str]] = []
        query: list[tuple[str, str]] = []
        for name in wanted:
            scheme = schemes.get(name) or {}
            if scheme.get("type") == "apiKey":
                pair = (str(scheme.get("name")), VARIABLE % TOKEN)
                if scheme.get("in") == "query":
                    query.append(pair)
                else:
                    headers.append(pair if scheme.get("in") == "header" else ("Cookie", f"{pair[0]}={pair[1]}"))
            elif str(scheme.get("scheme")).lower() == "basic":
                headers.append(("Authorization", f"Basic {VARIABLE % BASIC}"))
            elif scheme.get("type") != "mutualTLS":
                headers.append(("Authorization", f"Bearer {VARIABLE % TOKEN}"))
        return headers, query

    def _send(self, sample: Sample) -> httpx.Response:
        basic = base64.b64encode(f"user:{DEFAULT_KEY}".encode()).decode()

        def plain(value: str) -> str:
            return value.replace(VARIABLE % TOKEN, DEFAULT_KEY).replace(VARIABLE % BASIC, basic)

        return self.client.request(
            sample.method,
            sample.path,
            params=[(name, plain(value)) for name, value in sample.query] or None,
            headers=[(name.encode(), plain(value).encode()) for name, value in sample.headers],
            content=None if sample.body is None else sample.body.encode(),
        )


def _request_order(name: str) -> tuple[int, int]:
    """A sort key: what is created can then be read, and what is deleted was read before."""
    method, _, path = name.partition(" ")
    has_parameter = "{" in path
    order = {"OPTIONS": 0, "HEAD": 0, "GET": 4 if has_parameter else 1, "POST": 5 if has_parameter else 3, "DELETE": 9}
    depth = path.count("/")
    return order.get(method, 7), -depth if method == "DELETE" else depth


def _parameters(path: str) -> list[tuple[str, str]]:
    """The parameters in a path: the path up to and with each, and its name."""
    return [(path[: match.end()], match[1]) for match in re.finditer(r"{([^{}]*)}", path)]
