"""The recorded requests of a sandbox: methods that list, assert and clear them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from counterfoil.api.control_types import JournalQuery
from counterfoil.api.request_match import NOT_GIVEN
from counterfoil.testing.one_world import OneWorld
from counterfoil.testing.recorded_requests import CallAssertions, RecordedRequest, recorded


class JournalMethods(OneWorld):
    """The methods of ``Sandbox`` for the requests to its world."""

    def requests(
        self, api: str | None = None, operation: str | None = None, *, status: int | str | None = None
    ) -> list[RecordedRequest]:
        """The newest 500 requests to this world with their responses, oldest first.

        ``status`` is a status (404) or a class ("4xx"). Raises ``ValueError`` for an unknown API, operation or status.
        """
        self._check_operation(api, operation)
        pattern = None if status is None else str(status)
        if pattern is not None and not re.fullmatch(r"0|[1-5]([0-9]{2}|[xX]{2})", pattern):
            raise ValueError(f"'{pattern}' is not a status; give one, as 404, or a class, as '4xx'")
        query = JournalQuery(api=api, operation=operation, status=pattern, limit=500)
        bases = {served.name: f"/w/{self.name}{served.prefix}" for served in self.application.apis}
        exchanges = self.application.journal.find(self.name, query).exchanges
        return [recorded(exchange, bases[exchange.api]) for exchange in exchanges]

    def assert_called(
        self,
        api: str,
        operation: str,
        *,
        times: int | None = None,
        query: Mapping[str, Any] | None = None,
        path: Mapping[str, Any] | None = None,
        json: Any = NOT_GIVEN,
    ) -> RecordedRequest:
        """Assert that an operation was called, ``times`` times or at least once; returns the newest such request.

        ``query``, ``path`` (the path's parameters) and ``json`` (the body) are what a request must have; it may have more.
        Raises ``AssertionError`` that shows the nearest request, ``ValueError`` for an unknown API, operation or path parameter.
        """
        __tracebackhide__ = True
        self._check_operation(api, operation, path or ())
        return self._calls.assert_called(api, operation, times=times, query=query, path=path, body=json)

    def assert_not_called(
        self,
        api: str,
        operation: str | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        path: Mapping[str, Any] | None = None,
        json: Any = NOT_GIVEN,
    ) -> None:
        """Assert that no request to the API, or to one operation, matches all of ``query``, ``path`` and ``json``.

        Raises ``AssertionError`` that lists the requests, ``ValueError`` for an unknown API, operation or path parameter.
        """
        __tracebackhide__ = True
        self._check_operation(api, operation, path or ())
        self._calls.assert_not_called(api, operation, query=query, path=path, body=json)

    def clear_requests(self) -> None:
        """Clear the recorded requests; the world stays as it is."""
        self.application.journal.clear(self.name)

    @property
    def _calls(self) -> CallAssertions:
        journal = self.application.journal
        return CallAssertions(
            lambda api: journal.find(self.name, JournalQuery(api=api, limit=500)),
            lambda api: f"/w/{self.name}{self._prefix(api)}",
        )
