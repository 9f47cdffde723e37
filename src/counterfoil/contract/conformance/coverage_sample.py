"""Bounds how many of the requests that Schemathesis derives from one operation's schema are sent.

Its coverage phase sends every case that a schema defines and takes no limit (``max-examples`` has no effect there, seen in
4.32.5). Most operations have some hundreds; one whose body nests alternatives has more than twenty thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from counterfoil.contract.verdict import NOT_TRIED, Record

PER_EXAMPLE = 25
"""Cases of one kind that are all sent, for each of the job's ``max_examples``."""
MADE_PER_EXAMPLE = 100
MADE = 2_000
"""Cases of one operation that are made, at least: making one takes up to 2 milliseconds (Open APIs of the TM Forum)."""

REASON = "only some of the requests that can be made from its schema were sent: --max-examples N sends more"


class CoverageSample:
    """Chooses among the cases of an operation as they are generated.

    Cases of one kind have the same scenario, such as a value of a wrong type, at the same place, such as the body. Of each
    kind the first ``PER_EXAMPLE`` times ``max_examples`` are sent, then every second one up to twice as many, every fourth one
    up to four times as many, and so on: a sample of the whole range that grows with the logarithm of its size.
    """

    def __init__(self, max_examples: int) -> None:
        self._whole = max(1, PER_EXAMPLE * max_examples)
        self._made = max(MADE, MADE_PER_EXAMPLE * max_examples)
        self._seen: dict[tuple[str, ...], int] = {}
        self._left: set[str] = set()

    def bound(self, schema: Any) -> None:
        """Make a Schemathesis schema generate a bounded number of cases for each operation, always with some invalid ones."""
        make_all = schema.iter_coverage_cases

        def make_some(operation: Any, *, generation_modes: list[Any], **options: Any) -> Iterator[Any]:
            has_invalid = False
            for made, case in enumerate(make_all(operation, generation_modes=generation_modes, **options)):
                if made == self._made:
                    self._left.add(operation.label)
                    break
                has_invalid = has_invalid or case.meta.generation.mode.is_negative
                yield case
            else:
                return
            if not has_invalid:  # the valid ones come first
                modes = [mode for mode in generation_modes if mode.is_negative]
                yield from islice(make_all(operation, generation_modes=modes, **options) if modes else (), self._made)

        schema.iter_coverage_cases = make_some

    def sends(self, case: Any) -> bool:
        """Whether the case is sent; true for those of other phases."""
        meta = case.meta
        if meta is None or meta.phase.name.value != "coverage":
            return True
        about = meta.phase.data
        place = str(getattr(about, "parameter_location", ""))
        kind = (case.operation.label, meta.generation.mode.value, str(about.scenario), place)
        seen = self._seen[kind] = self._seen.get(kind, 0) + 1
        step = 1 << max(0, ((seen - 1) // self._whole).bit_length())
        if seen % step == 0:
            return True
        self._left.add(case.operation.label)
        return False

    def records(self, api: str) -> Iterator[Record]:
        """A record for each operation for which some cases were not sent."""
        for label in sorted(self._left):
            yield Record(api, "conformance", "conformance.rest", label, NOT_TRIED, reason=REASON)
