"""Finds one request for each operation, and sends it to the world, in the order in which the requests are exported."""

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
_IGNORED_HEADERS = {"accept", "authorization", "content-type"}
"""Header parameters that OpenAPI ignores, because other parts of the document define them."""


def plan(application: Application, *, host: str, world: str, customer: int) -> Collection:
    """The requests to all APIs of an application, each with the status that it was answered with.

    ``host`` is the server that they will be sent to, ``world`` the world that they use. The first request resets that world, so
    that sending all of them again has the same responses.
    """
    variables = {HOST: host, TOKEN: DEFAULT_KEY}
    prefix = "" if world == "default" else f"/w/{quote(world, safe='')}"
    samples = list(_of_the_world(world))
    with httpx.Client(transport=InProcessTransport(application.server), base_url="http://127.0.0.1") as client:
        for api, spec in application.server.served.values():
            of_api = list(_SampleRequests(api, spec, application, client, customer).samples())
            names = unique(sample.name for sample in of_api)
            samples += [
                replace(sample, name=name, path=prefix + sample.path)
                for sample, name in zip(of_api, names, strict=True)
            ]
    if any(VARIABLE % BASIC in value for sample in samples for _, value in sample.headers):
        variables[BASIC] = base64.b64encode(f"user:{DEFAULT_KEY}".encode()).decode()
    scenario = application.world.scenario
    return Collection(
        title=f"counterfoil: {scenario.name}",
        text=f"Requests to the scenario {scenario.name}, seed {application.world.seed}. 'Begin again' resets the world; "
        "sent in order after it, each request is answered with the status that it names.",
        variables=variables,
        titles={WORLD: "The world", **{api.name: one_line(api.title) for api in application.apis}},
        samples=tuple(samples),
    )


def _of_the_world(world: str) -> Iterator[Sample]:
    base = f"{CONTROL_PREFIX}/worlds/{quote(world, safe='')}"
    again, clock = (
        "Resets the world to the end of its scenario.",
        "The world's time, and the next event that needs no command.",
    )
    yield Sample(WORLD, "Begin again", again, "POST", f"{base}/reset", status=200)
    yield Sample(WORLD, "Show the clock", clock, "GET", f"{base}/clock", status=200)


class _SampleRequests:
    """The requests to one API, sent one after another to the default world."""

    def __init__(self, api: API, spec: Spec, application: Application, client: httpx.Client, customer: int) -> None:
        self.api = api
        self.spec = spec
        self.client = client
        self.candidates = Candidates(api, spec, lambda: application.world, customer)

    def samples(self) -> Iterator[Sample]:
        """A request for each operation: first lists, then creations, reads, changes and deletions."""
        for name in sorted(self.spec.operations, key=_request_order):
            yield self._tried(name, self.spec.operations[name])

    def _tried(self, name: str, operation: Mapping[str, Json]) -> Sample:
        method, _, path = name.partition(" ")
        best: Sample | None = None
        values = list(itertools.islice(self._path_values(operation, path, []), MAX_TRIES))
        for path_values in values if method == "GET" else values[:1]:
            sample = self._sample(name, operation, path_values)
            response = self._send(sample)
            sample = replace(sample, status=response.status_code)
            if best is None or response.is_success:
                best = sample
            if response.is_success:
                self._remember(name, operation, path_values, response)
                break
        assert best is not None
        return best

    def _remember(
        self, name: str, operation: Mapping[str, Json], path_values: list[str], response: httpx.Response
    ) -> None:
        method, _, path = name.partition(" ")
        for (at, _), value in zip(_parameters(path), path_values, strict=True):
            self.candidates.remember_path_value(at, value)
        try:
            self.candidates.remember_response(method, path, operation, response.status_code, response.json())
        except ValueError:
            return

    def _path_values(self, operation: Mapping[str, Json], path: str, before: list[str]) -> Iterator[list[str]]:
        """Lists of values for the parameters in the path, best first."""
        parameters = _parameters(path)
        if len(before) == len(parameters):
            yield before
            return
        at, name = parameters[len(before)]
        parameter = next(
            (item for item in operation["parameters"] if item["in"] == "path" and item["name"] == name), {"name": name}
        )
        for value in self.candidates.of_parameter(operation, parameter, at, before):
            yield from self._path_values(operation, path, [*before, value])

    def _sample(self, name: str, operation: Mapping[str, Json], path_values: list[str]) -> Sample:
        method, _, path = name.partition(" ")
        values = iter(path_values)
        filled = re.sub(r"{[^{}]*}", lambda match: quote(next(values), safe=""), path)
        headers, query = self._credential(operation)
        optional: list[tuple[str, str]] = []
        for parameter in operation["parameters"]:
            is_required = parameter.get("required") is True
            if parameter["in"] == "query" and (is_required or "example" in parameter):
                (query if is_required else optional).extend(self._query(parameter))
            elif parameter["in"] == "header" and is_required and parameter["name"].lower() not in _IGNORED_HEADERS:
                headers += [(parameter["name"], value) for value in self.candidates.examples(parameter)[:1]]
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
            return [(parameter["name"], as_text(item)) for item in parameter["example"]]
        return [(parameter["name"], value) for value in self.candidates.examples(parameter)[:1]]

    def _credential(self, operation: Mapping[str, Json]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Headers and query parameters with the credential that the operation requires, as a variable."""
        requirement: Mapping[str, Json] = next(iter(operation.get("security") or ()), {})
        schemes = (self.spec.raw.get("components") or {}).get("securitySchemes") or {}
        headers: list[tuple[str, str]] = []
        query: list[tuple[str, str]] = []
        for name in requirement:
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
    """A sort key: resources are created before they are read, and deleted last."""
    method, _, path = name.partition(" ")
    has_parameter = "{" in path
    order = {"OPTIONS": 0, "HEAD": 0, "GET": 4 if has_parameter else 1, "POST": 5 if has_parameter else 3, "DELETE": 9}
    depth = path.count("/")
    return order.get(method, 7), -depth if method == "DELETE" else depth


def _parameters(path: str) -> list[tuple[str, str]]:
    """The parameters in a path: for each the path up to and including it, and its name."""
    return [(path[: match.end()], match[1]) for match in re.finditer(r"{([^{}]*)}", path)]
