"""Ways to go wrong that any of the APIs can take: in reading parameters, in who gets in, in answers and in error bodies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import msgspec
from counterfoil.server.validation import Acceptable, Body

from counterfoil.api import API, ApiError, Principal, Response
from counterfoil.server.errors import Refusals
from counterfoil.server.parameters import Parameter, Parameters
from counterfoil.server.routing import Routing

from .plant import Plant

EVERYTHING = Principal("")


def replace(thing: Any, **members: Any) -> Any:
    """Another one with some members different. Requests and answers are of msgspec, records dataclasses; what Python 3.13 has
    for both, ``copy.replace``, 3.11 has not."""
    if isinstance(thing, msgspec.Struct):
        return msgspec.structs.replace(thing, **members)
    return dataclasses.replace(thing, **members)


def reads(plant: Plant, names: tuple[str, ...], change: Callable[[list[str], Callable[[list[str]], Any]], Any]) -> None:
    """The parameters ``names`` are read by ``change(texts, as_it_was)``."""

    def around(value: Any) -> Any:
        def read(self: Parameter, texts: list[str]) -> Any:
            if self.name not in names:
                return value(self, texts)
            return change(texts, lambda other: value(self, other))

        return read

    plant.around(Parameter, "value", around)


def assumes(plant: Plant, name: str, text: str) -> None:
    """The required query parameter ``name`` counts as ``text`` when it is missing."""

    def around(read_query: Any) -> Any:
        def read(self: Parameters, query_string: bytes, **options: Any) -> Any:
            try:
                return read_query(self, query_string, **options)
            except ApiError as refusal:
                if refusal.reason != "required" or refusal.where != name:
                    raise
                return read_query(self, query_string + f"&{name}={text}".encode(), **options)

        return read

    plant.around(Parameters, "read_query", around)


def answers(plant: Plant, dialect: API, operation: str, change: Callable[[Response, Any, Any], Response]) -> None:
    """The operation answers ``change(answer, request, world)``."""
    plant.after(dialect.routes, operation, change)


def lists(plant: Plant, dialect: API, operation: str, change: Callable[[list[Any]], Any]) -> None:
    """The list that the operation answers is ``change(list)``."""
    answers(plant, dialect, operation, lambda answer, *_: replace(answer, body=change(answer.body)))


def each_item(plant: Plant, dialect: API, operation: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """Each item of the list that the operation answers is ``change(item)``."""
    lists(plant, dialect, operation, lambda items: [change(item) for item in items])


def body_of(plant: Plant, dialect: API, operation: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """The object that the operation answers, if it is one, is ``change(object)``."""

    def changed(answer: Response, *_: Any) -> Response:
        return replace(answer, body=change(answer.body)) if isinstance(answer.body, dict) else answer

    answers(plant, dialect, operation, changed)


def heads(plant: Plant, dialect: API, operation: str, change: Callable[[dict[str, str], Any], dict[str, str]]) -> None:
    """The headers that the operation answers are ``change(headers, body)``."""

    def changed(answer: Response, *_: Any) -> Response:
        return replace(answer, headers=tuple(change(dict(answer.headers), answer.body).items()))

    answers(plant, dialect, operation, changed)


def lets_in(plant: Plant, dialect: API, when: Callable[[ApiError, Any], bool]) -> None:
    """Whoever is refused so is let in, and sees everything; ``when(refusal, headers)`` says who."""

    def around(authenticate: Any) -> Any:
        def asked(headers: Any, world: Any) -> Any:
            try:
                return authenticate(headers, world)
            except ApiError as refusal:
                if when(refusal, headers):
                    return EVERYTHING
                raise

        return asked

    plant.around(dialect, "authenticate", around)


def works_when_it_ends(plant: Plant, dialect: API) -> None:
    """A token opens the door at the very instant it expires."""

    def around(authenticate: Any) -> Any:
        def asked(headers: Any, world: Any) -> Any:
            token = world.tokens.find(headers.get("authorization", "").partition(" ")[2])
            ends_now = token is not None and token.expires_at == world.now
            return EVERYTHING if ends_now else authenticate(headers, world)

        return asked

    plant.around(dialect, "authenticate", around)


def without_credential(refusal: ApiError, headers: Any) -> bool:
    return "authorization" not in headers and "x-api-key" not in headers


def with_wrong_one(refusal: ApiError, headers: Any) -> bool:
    return refusal.reason == "unauthenticated" and not without_credential(refusal, headers)


def forbidden(refusal: ApiError, headers: Any) -> bool:
    return refusal.reason == "forbidden"


def refuses_as(plant: Plant, reason: str, status: int) -> None:
    """Refusals of one kind have another status."""

    def around(render: Any) -> Any:
        def rendered(self: Refusals, exchange: Any, refusal: ApiError) -> Response:
            answer: Response = render(self, exchange, refusal)
            return replace(answer, status=status) if refusal.reason == reason else answer

        return rendered

    plant.around(Refusals, "render", around)


def error_says(plant: Plant, dialect: API, change: Callable[[Response, ApiError], Response]) -> None:
    """The error body, whatever the refusal."""
    plant.after(dialect, "error", change)


def any_accept(plant: Plant) -> None:
    plant.put(Acceptable, "check", lambda self, accept: None)


def any_media_type(plant: Plant) -> None:
    plant.around(Body, "kind", lambda _: lambda self, header: self.first)


def any_body(plant: Plant) -> None:
    """The body is not held against its schema."""
    from counterfoil.server.validation import parse_json

    plant.put(Body, "check", lambda self, payload, kind: parse_json(payload) if payload.strip() else None)


def method_is_not_looked_at(plant: Plant, operation: str) -> None:
    """A method that a path has not is taken for ``operation``'s."""

    def around(route: Any) -> Any:
        def routed(self: Routing, exchange: Any) -> None:
            try:
                route(self, exchange)
            except ApiError as refusal:
                if refusal.reason != "method_not_allowed":
                    raise
                exchange.method = operation.split()[0]
                route(self, exchange)

        return routed

    plant.around(Routing, "route", around)
