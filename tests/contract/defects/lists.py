"""Ways for a list operation to page, filter and sort wrongly, computed from the application's whole list."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from . import wire
from .wire import Ask, Request, Response

Row = dict[str, Any]


@dataclass(frozen=True)
class ListOf:
    """A list operation: how to request all of it, which part a query selects, and which headers have the counts.

    ``whole`` are the parameters that request everything, ``paging`` those that choose a part; ``window(query)`` is the start
    and the end of that part. ``key`` identifies a row. ``counts`` are the headers with the rows in the part and in the whole.
    """

    operation: str
    key: str
    paging: tuple[str, ...]
    window: Callable[[Mapping[str, str]], tuple[int, int]]
    whole: Mapping[str, str]
    counts: tuple[str, ...] = ()

    async def all(self, request: Request, ask: Ask) -> list[tuple[Row, Row]]:
        """All rows that the request's filters find, in its order: each in full, and as ``fields`` shows it."""
        query = {name: value for name, value in request.query.items() if name not in self.paging} | dict(self.whole)
        shown = (await ask(request.with_query(query))).json
        query.pop("fields", None)
        full = (await ask(request.with_query(query))).json
        return list(zip(full, shown, strict=True)) if isinstance(full, list) and isinstance(shown, list) else []

    async def keys(self, request: Request, ask: Ask) -> list[Any]:
        return [full[self.key] for full, _ in await self.all(request, ask)]

    def answer(self, response: Response, request: Request, shown: list[Row]) -> Response:
        """The part of ``shown`` that the request asks for, with its counts."""
        first, end = self.window(request.query)
        return self.part(response, shown[first:end], len(shown))

    def part(self, response: Response, part: list[Row], total: int | None = None) -> Response:
        response = response.with_json(part)
        counts = (len(part),) if total is None else (len(part), total)
        headers = {name.replace("-", "_"): str(count) for name, count in zip(self.counts, counts, strict=False)}
        return response.with_headers(**headers)

    def pages(self, function: Callable[[list[Row], int, int], list[Row]]) -> wire.Defect:
        """``f(whole list, first, end) -> rows``: the part that the caller gets."""

        @wire.exchange(self.operation)
        @functools.wraps(function)
        async def defect(request: Request, ask: Ask) -> Response:
            response = await ask(request)
            if response.status != 200:
                return response
            whole = [shown for _, shown in await self.all(request, ask)]
            return self.part(response, function(whole, *self.window(request.query)))

        return defect

    def matching(
        self, names: Collection[str], when: Callable[[str], bool] = lambda given: True
    ) -> Callable[[Any], wire.Defect]:
        """``f(row, name, given, was) -> bool``: which rows the filters ``names`` find, where ``when(given)``."""

        def made(function: Callable[[Row, str, str, bool], bool]) -> wire.Defect:
            @wire.exchange(self.operation)
            @functools.wraps(function)
            async def defect(request: Request, ask: Ask) -> Response:
                response = await ask(request)
                asked = {name: given for name, given in request.query.items() if name in names and when(given)}
                if response.status != 200 or not asked:
                    return response
                found = set(await self.keys(request, ask))
                kept = [
                    shown
                    for full, shown in await self.all(request.without(*asked), ask)
                    if all(function(full, name, given, full[self.key] in found) for name, given in asked.items())
                ]
                return self.answer(response, request, kept)

            return defect

        return made

    def ordered(self, function: Callable[[list[tuple[Row, Row]], Request], list[tuple[Row, Row]]]) -> wire.Defect:
        """``f(rows, request) -> rows``: the order of a list for which ``sort`` asks; a row is full and as shown."""

        @wire.exchange(self.operation)
        @functools.wraps(function)
        async def defect(request: Request, ask: Ask) -> Response:
            response = await ask(request)
            if response.status != 200 or "sort" not in request.query:
                return response
            rows = function(await self.all(request, ask), request)
            return self.answer(response, request, [shown for _, shown in rows])

        return defect
