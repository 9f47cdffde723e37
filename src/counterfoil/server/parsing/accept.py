"""Content negotiation: whether a client accepts a media type that an operation can produce (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from counterfoil.api import ApiError
from counterfoil.media_types import is_json_type, without_parameters

MAX_CACHED = 256
MAX_CACHED_LENGTH = 200


class Acceptable:
    """Checks Accept headers against the media types of one operation's successful responses.

    With ``any_json``, a client that asks for a vendor's JSON type (``application/vnd.github+json``) also gets plain
    JSON, as such vendors document and send it.
    """

    def __init__(self, responses: Mapping[str, Any], *, any_json: bool = False) -> None:
        produced: dict[str, None] = {}
        for status, response in responses.items():
            if status.startswith("2"):
                produced.update(dict.fromkeys(response.get("content", {})))
        self.produced = list(produced)
        is_json = any_json and any(is_json_type(without_parameters(media_type)) for media_type in self.produced)
        self._acceptable = [*self.produced, "application/*+json"] if is_json else self.produced
        self._accepts_any = lru_cache(MAX_CACHED)(self._any_accepted)

    def check(self, accept: str | None) -> None:
        """Raise ``ApiError`` (not_acceptable) if ``accept`` excludes all media types."""
        if accept is None or accept == "*/*" or not self.produced:
            return
        is_cacheable = len(accept) <= MAX_CACHED_LENGTH
        if not (self._accepts_any(accept) if is_cacheable else self._any_accepted(accept)):
            raise ApiError("not_acceptable", f"only {', '.join(self.produced)} can be produced here", where="Accept")

    def _any_accepted(self, accept: str) -> bool:
        return any(accepts(accept, offered) for offered in self._acceptable)


def accepts(header: str, offered: str) -> bool:
    """Whether ``header`` accepts ``offered``: the most specific matching range decides, ``q=0`` excludes.

    ``offered`` may itself be a range (``image/*``); it is accepted if any of its types is. Parts that are not media ranges
    are skipped; a header without any range accepts everything.
    """
    main, _, sub = without_parameters(offered).partition("/")
    best, allowed, ranges = -1, False, 0
    for part in header.split(","):
        name, *options = (piece.strip().lower() for piece in part.split(";"))
        kind, slash, subkind = name.partition("/")
        if not slash or not kind or not subkind:
            continue
        ranges += 1
        if ("*" not in (kind, main) and kind != main) or not _is_sub(subkind, sub):
            continue
        specific = (kind != "*") + (subkind != "*")
        if specific >= best:
            allowed = (allowed if specific == best else False) or not _is_forbidden(options)
            best = specific
    return allowed or ranges == 0


def _is_sub(requested: str, offered: str) -> bool:
    if offered.startswith("*+"):
        return requested == "*" or requested.endswith(offered[1:])
    return "*" in (requested, offered) or requested == offered


def _is_forbidden(options: list[str]) -> bool:
    for option in options:
        if option.startswith("q="):
            return option[2:].strip("0.") == "" and option != "q="
    return False
