"""Facts about a page that a response may have: totals, numbers, cursors, and links to this page and others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any
from urllib.parse import quote, urlencode

from counterfoil.api import Request
from counterfoil.apis.generic.data.scalars import UNSET
from counterfoil.apis.generic.handlers.listing import Page, cursor_after
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.object_parameters import as_sent

Json = Any


class Facts:
    """The facts about a page, by name; each is computed when it is requested."""

    def __init__(self, page: Page, request: Request) -> None:
        self.page = page
        self.request = request
        self.pages = page.pages

    def get(self, name: str) -> Json:
        """The fact; ``UNSET`` if the name is unknown, None if the fact does not apply to this page."""
        make = _FACTS.get(name)
        return UNSET if make is None else make(self)

    def following(self) -> Json:
        """The value of the paging parameter for the next page; None on the last page."""
        page, pages = self.page, self.pages
        if not page.more or not page.members:
            return None
        if pages.kind == "cursor":
            return cursor_after(page, opaque=not (pages.more and "after" in letters(pages.at)))
        if pages.kind == "page":
            return page.number + 1
        return pages.first + page.start + len(page.members) if pages.kind == "offset" else None

    def previous(self) -> Json:
        """The value of the paging parameter for the previous page; None on the first page."""
        page, pages = self.page, self.pages
        if page.start <= 0 or not page.members:
            return None
        if pages.kind == "cursor" and pages.before:
            return page.members[0].id
        if pages.kind == "page":
            return page.number - 1
        return pages.first + max(0, page.start - page.size) if pages.kind == "offset" else None

    def link(self, value: Json, *, back: bool = False) -> str | None:
        """The list's URL with this value of the paging parameter (``back``: of the one for previous pages)."""
        if value is None:
            return None
        name = self.pages.before if back and self.pages.kind == "cursor" else self.pages.at
        return _link(self.request, {**self._other_query(), name: value})

    def first(self) -> str:
        """The list's URL without a position in it."""
        return _link(self.request, self._other_query())

    def last(self) -> Json:
        """The URL of the last page; ``UNSET`` if pages have no numbers."""
        page, pages = self.page, self.pages
        if pages.kind not in ("page", "offset") or not page.size:
            return UNSET
        before = max(0, page.total - 1) // page.size
        return self.link(pages.first + (before if pages.kind == "page" else before * page.size))

    def _other_query(self) -> dict[str, Json]:
        """The query without the paging parameters, but with the page size."""
        paging = (self.pages.at, self.pages.before)
        own = (self.pages.at, self.pages.before, self.pages.size)
        query: dict[str, Json] = {}
        for name, value in self.request.query.items():
            if isinstance(value, dict):  # an object parameter with paging parameters in it
                query.update((member, each) for member, each in value.items() if member in own)
                value = {member: each for member, each in value.items() if member not in own}
            query[name] = value
        return {name: each for name, each in as_sent(query) if name not in paging}


_FACTS: Mapping[str, Callable[[Facts], Json]] = {
    "more": lambda facts: facts.page.more,
    "total": lambda facts: facts.page.total,
    "page": lambda facts: facts.page.number,
    "size": lambda facts: facts.page.size,
    "offset": lambda facts: facts.page.start + (facts.pages.first if facts.pages.kind == "offset" else 0),
    "pages": lambda facts: ceil(facts.page.total / facts.page.size) if facts.page.size else 0,
    "items": lambda facts: len(facts.page.members),
    "nextpage": lambda facts: facts.page.number + 1 if facts.page.more else None,
    "previouspage": lambda facts: facts.page.number - 1 if facts.page.start > 0 else None,
    "next": lambda facts: facts.following(),
    "previous": lambda facts: facts.previous(),
    "nextlink": lambda facts: facts.link(facts.following()),
    "nextpagelink": lambda facts: facts.link(facts.following()),
    "previouslink": lambda facts: facts.link(facts.previous(), back=True),
    "previouspagelink": lambda facts: facts.link(facts.previous(), back=True),
    "lastlink": lambda facts: facts.last(),
    "first": lambda facts: facts.first(),
    "firstlink": lambda facts: facts.first(),
    "self": lambda facts: _link(facts.request, facts.request.query),
    "selflink": lambda facts: _link(facts.request, facts.request.query),
    "path": lambda facts: path_of(facts.request),
    "pathlink": lambda facts: path_of(facts.request),
}


def path_of(request: Request) -> str:
    """The path of a request below its API, as sent."""
    path = request.operation.partition(" ")[2]
    for name, value in request.path.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    return path


def _link(request: Request, query: Mapping[str, Json]) -> str:
    path = path_of(request)
    text = urlencode(
        {key: str(value).lower() if isinstance(value, bool) else value for key, value in as_sent(query)}, doseq=True
    )
    return f"{request.origin}{request.base}{path}" + (f"?{text}" if text else "")
