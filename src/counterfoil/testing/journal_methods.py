"""The requests of a sandbox: how they are listed, asserted and forgotten."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from counterfoil.api.control_types import JournalQuery
from counterfoil.api.request_match import NOT_GIVEN
from counterfoil.testing.one_world import OneWorld
from counterfoil.testing.recorded_requests import CallAssertions, RecordedRequest, recorded


class JournalMethods(OneWorld):
    """What a ``Sandbox`` can do with the requests that were made to its world."""

    def requests(
        self, api: str | None = None, operation: str | None = None, *, status: int | str | None = None
    ) -> list[RecordedRequest]:
        """The newest 500 requests to this world with their responses, oldest first.

        ``status`` is one (404) or a class ("4xx"). Raises ``ValueError`` for an unknown API, operation or status.
        """
        self._check_operation(api, operation)
        wanted = None if status is None else str(status)
        if wanted is not None and not re.fullmatch(r"0|[1-5]([0-9]{2}|[xX]{2})", wanted):
            raise ValueError(f"'{wanted}' is not a status; give one, as 404, or a class, as '4xx'")
        query = JournalQuery(api=api, operation=operation, status=wanted, limit=500)
        bases = {each.name: f"/w/{self.name}{each.prefix}" for each in self.application.apis}
        return [recorded(each, bases[each.api]) for each in self.application.journal.find(self.name, query).exchanges]

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
        """Assert that no request was made that has all of this: to the API, or to one operation.

        Raises ``AssertionError`` that lists the requests, ``ValueError`` for an unknown API, operation or path parameter.
        """
        __tracebackhide__ = True
        self._check_operation(api, operation, path or ())
        self._calls.assert_not_called(api, operation, query=query, path=path, body=json)

    def clear_requests(self) -> None:
        """Forget the recorded requests; the world stays as it is."""
        self.application.journal.clear(self.name)

    @property
    def _calls(self) -> CallAssertions:
        journal = self.application.journal
        return CallAssertions(
            lambda api: journal.find(self.name, JournalQuery(api=api, limit=500)),
            lambda api: f"/w/{self.name}{self._prefix(api)}",
        )
