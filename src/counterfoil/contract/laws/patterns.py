"""Pattern filters in which a percent sign matches any characters, as in SQL's LIKE.

Documents differ on whether a percent sign may match no character at all, so both readings are accepted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from counterfoil.contract.collection import ItemList
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import Field
from counterfoil.contract.filters import Filter
from counterfoil.contract.law import Law, brief
from counterfoil.contract.target import Json

LIKE = "like"
MAX_SAMPLED = 6
"""Patterns tried where ``LawContext.is_sparing``."""
TextOf = Callable[[Any], "str | None"]


def matches_pattern(text: str, pattern: str, *, least: int = 0) -> bool:
    """Whether the whole ``text`` matches, each percent sign matching ``least`` characters or more."""
    some = ".+" if least else ".*"
    return re.fullmatch(some.join(map(re.escape, pattern.split("%"))), text, re.DOTALL) is not None


def percent(name: str, param: str, text_of: TextOf) -> Filter:
    """A filter by pattern; ``text_of`` gives an item's text, or ``None`` when it has none."""
    return Filter(Field(name, at=text_of), param, LIKE, matches_pattern, str, _drawn)


def _drawn(filter_: Filter, items: Sequence[Json]) -> Any:
    from hypothesis import strategies as st

    return st.sampled_from(plain_patterns(filter_, items)[:8] or ["counterfoil%"])


def _is_plain(texts: Iterable[str], pattern: str) -> bool:
    """Whether both readings of the percent sign find the same texts."""
    return all(matches_pattern(text, pattern) == matches_pattern(text, pattern, least=1) for text in texts)


def plain_patterns(filter_: Filter, items: Sequence[Json]) -> list[str]:
    """Patterns that both readings of the percent sign interpret alike."""
    texts = set(filter(None, map(filter_.field.raw, items)))
    return [pattern for pattern in patterns(filter_, items)[:14] if "%" in pattern and _is_plain(texts, pattern)]


def patterns(filter_: Filter, items: Sequence[Json]) -> list[str]:
    """Beginnings, ends, middles and more of three observed texts: the longest, one of medium length and the shortest."""
    texts = sorted({text for item in items if (text := filter_.field.raw(item))}, key=lambda text: (len(text), text))
    found: list[str] = []
    for text in dict.fromkeys([texts[-1], texts[len(texts) // 2], texts[0]] if texts else []):
        third, half = max(1, len(text) // 3), len(text) // 2
        found += [
            f"{text[:half]}%",
            f"%{text[half:]}",
            f"%{text[third:-third] or text}%",
            f"{text[:1]}%{text[-1:]}",
            f"{text[:1]}%{text[half : half + 1]}%{text[-1:]}",
            text,
            text[:half],
            text[half:],
            f"{text}%",
            f"%{text}",
            # Characters that are special in regular expressions or shells have no special meaning here.
            f"{text[:half]}.{text[half + 1 :]}",
            f"{text[:half]}.*",
            f"{text[:1]}[^%",
            "%",
        ]
    return list(dict.fromkeys(found))


def matches(id: str, c: ItemList, filter_: Filter, *clauses: str) -> Law:
    """A pattern finds exactly the items that match it."""

    def check(ctx: LawContext) -> None:
        items = c.require_items(ctx)
        tries = patterns(filter_, items)
        ctx.require(tries, f"no item has a value in {filter_.field.name}")

        def exact(pattern: str) -> None:
            may = {str(c.identity.raw(item)) for item in filter_.select(items, pattern)}
            must = {
                str(c.identity.raw(item))
                for item in items
                if (text := filter_.field.raw(item)) is not None and matches_pattern(text, pattern, least=1)
            }
            got = [str(c.identity.raw(item)) for item in c.within(ctx, c.fetch_all(ctx, {filter_.param: pattern}))]
            expected = f"the {len(may)} items whose {filter_.field.name} matches {pattern}"
            ctx.expect(len(got) == len(set(got)), f"{expected}, each once", got)
            ctx.expect(must <= set(got) <= may, expected, f"{len(got)}; {_differences(must, set(got), may)}")

        ctx.for_each(ctx.sample(tries, MAX_SAMPLED), exact)

    text = f"{filter_.param} finds the items that match the pattern, where % matches any characters: all and no other."
    return Law(id, c.operation, "filtering", clauses, text, check)


def _differences(must: set[str], got: set[str], may: set[str]) -> str:
    return f"missing {brief(sorted(must - got)[:3])}, unexpected {brief(sorted(got - may)[:3])}"
