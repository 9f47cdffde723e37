"""The recorded requests to a world, as tests read and assert them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from counterfoil.api.control_types import JournalPage, RecordedExchange
from counterfoil.api.request_match import (
    NOT_GIVEN,
    Query,
    body_differences,
    decoded_query,
    path_differences,
    query_differences,
)

SHOWN = 5
"""Limit on the requests that an error message lists."""


class RecordedRequest(RecordedExchange, frozen=True, kw_only=True):
    """A recorded request with its response.

    ``path`` is below the API's base URL, without the query (``/customers/cust_1``); ``target`` is the whole path and query.
    ``request`` and ``answer`` have ``headers`` and ``body`` as text, with credentials blanked.
    """

    target: str

    @property
    def query(self) -> Query:
        """The query's names and values, decoded; a list if a name is repeated."""
        return decoded_query(self.target.partition("?")[2])

    @property
    def path_params(self) -> dict[str, str]:
        """The path's parameters, decoded: ``{"id": "cust_1"}``. Empty if no operation matched."""
        names = (self.operation or "").partition(" ")[2].split("/")
        values = self.path.split("/")
        if len(names) != len(values):
            return {}
        parameters = {}
        for name, value in zip(names, values, strict=True):
            before, brace, rest = name.partition("{")
            inner, _, after = rest.partition("}")
            if brace:
                parameters[inner] = unquote(value[len(before) : len(value) - len(after)])
        return parameters

    def header(self, name: str) -> str | None:
        """A header of the request, by its name in any case; None if it was not sent. A credential is ``***``."""
        return next((value for key, value in self.request.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        """The request's body. Raises ``ValueError`` if there is none, it is not JSON, or the journal cut it."""
        return _json(self.request.body, self.request.is_cut, "request")

    def response_json(self) -> Any:
        """The response's body. Raises ``ValueError`` if there is none, it is not JSON, or the journal cut it."""
        return _json(self.answer.body, self.answer.is_cut, "response")

    def __repr__(self) -> str:
        query = self.target.partition("?")[2]
        status = self.status or "connection ended"
        return f"<{self.api}: {self.method} {self.path}{'?' if query else ''}{query} → {status}>"


def recorded(exchange: RecordedExchange, base: str) -> RecordedRequest:
    """The exchange as a ``RecordedRequest``. ``base`` is the path of the API in this world."""
    members = msgspec.structs.asdict(exchange)
    target = members.pop("path")
    path = target.partition("?")[0].removeprefix(base) or "/"
    return RecordedRequest(**members, path=path, target=target)


def _json(body: str, is_cut: bool, what: str) -> Any:
    if is_cut:
        raise ValueError(f"the {what}'s body is longer than the journal keeps")
    if not body:
        raise ValueError(f"the {what} has no body")
    try:
        return json.loads(body)
    except ValueError as error:
        raise ValueError(f"the {what}'s body is not JSON: {error}") from None


class CallAssertions:
    """Asserts which requests were made. ``find`` returns the journal page of an API, ``base_of`` the path of that API in this
    world."""

    def __init__(self, find: Callable[[str], JournalPage], base_of: Callable[[str], str]) -> None:
        self._find = find
        self._base_of = base_of

    def assert_called(
        self,
        api: str,
        operation: str,
        *,
        times: int | None,
        query: Mapping[str, Any] | None,
        path: Mapping[str, Any] | None,
        body: Any,
    ) -> RecordedRequest:
        """Returns the newest matching request; raises ``AssertionError`` with the most similar one."""
        __tracebackhide__ = True
        if times is not None and (isinstance(times, bool) or times < 1):
            raise ValueError("times is 1 or more; to say that there was none, use assert_not_called")
        all_of_api, dropped = self._recorded(api)
        called = [request for request in all_of_api if request.operation == operation]
        differences = [_differences(request, query, path, body) for request in called]
        matching = [request for request, wrong in zip(called, differences, strict=True) if not wrong]
        if matching and times in (None, len(matching)):
            return matching[-1]
        expected = _expected(api, operation, query, path, body)
        lines = [
            f"{expected} was called {_times(len(matching))}, not {_times(times)}"
            if matching
            else f"{expected} was not called"
        ]
        lines += [f"  {request!r}" for request in matching[:SHOWN]]
        if not matching and called:
            nearest = min(range(len(called)), key=lambda at: (len(differences[at]), -at))
            lines += [f"nearest: {called[nearest]!r}", *(f"  {difference}" for difference in differences[nearest])]
        elif not matching:
            lines += _others(api, all_of_api)
        raise AssertionError("\n".join(lines + _note(dropped)))

    def assert_not_called(
        self,
        api: str,
        operation: str | None,
        *,
        query: Mapping[str, Any] | None,
        path: Mapping[str, Any] | None,
        body: Any,
    ) -> None:
        """Raises ``AssertionError`` that lists the matching requests, or says that the journal is incomplete."""
        __tracebackhide__ = True
        all_of_api, dropped = self._recorded(api)
        called = [request for request in all_of_api if operation in (None, request.operation)]
        matching = [request for request in called if not _differences(request, query, path, body)]
        expected = _expected(api, operation or "every operation", query, path, body)
        if matching:
            lines = [
                f"{expected} was called {_times(len(matching))}:",
                *(f"  {request!r}" for request in matching[:SHOWN]),
            ]
            raise AssertionError("\n".join(lines))
        if dropped:
            raise AssertionError("\n".join([f"{expected}: it is not known whether it was called", *_note(dropped)]))

    def _recorded(self, api: str) -> tuple[list[RecordedRequest], int]:
        page = self._find(api)
        base = self._base_of(api)
        return [recorded(exchange, base) for exchange in page.exchanges], page.dropped


def _differences(
    request: RecordedRequest, query: Mapping[str, Any] | None, path: Mapping[str, Any] | None, body: Any
) -> list[str]:
    differences = path_differences(path or {}, request.path_params) + query_differences(query or {}, request.query)
    if body is NOT_GIVEN:
        return differences
    try:
        return differences + body_differences(body, request.json())
    except ValueError as error:
        return [*differences, f"body: {error}"]


def _expected(
    api: str, operation: str, query: Mapping[str, Any] | None, path: Mapping[str, Any] | None, body: Any
) -> str:
    members = [f"path {dict(path)!r}"] if path else []
    members += [f"query {dict(query)!r}"] if query else []
    members += [] if body is NOT_GIVEN else [f"body {body!r}"]
    return f"{api}: {operation}{' with ' if members else ''}{', '.join(members)}"


def _others(api: str, called: Sequence[RecordedRequest]) -> list[str]:
    if not called:
        return [f"{api} was not called at all"]
    return [f"{api} was called otherwise:", *(f"  {request!r}" for request in called[-SHOWN:])]


def _note(dropped: int) -> list[str]:
    return [f"the journal is full and dropped the {dropped} oldest requests"] if dropped else []


def _times(number: int | None) -> str:
    return {None: "", 1: "once", 2: "twice"}.get(number, f"{number} times")
