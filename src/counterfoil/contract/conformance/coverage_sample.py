"""Bounds how many of the requests that Schemathesis derives from one operation's schema are sent.

Its coverage phase sends every case that a schema defines and takes no limit (``max-examples`` has no effect there, seen in
4.32.5). Most operations have some hundreds; one whose body nests alternatives has more than twenty thousand. A check of four
hundred operations within ten minutes has time for about seventy requests of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from counterfoil.contract.verdict import NOT_TRIED, Record

PER_EXAMPLE = 25
"""Cases of one kind that are all sent, for each of the job's ``max_examples``."""
MADE_PER_EXAMPLE = 100
MADE = 2_000
"""Cases of one operation that are made, at least: making one takes up to 2 milliseconds (Open APIs of the TM Forum)."""

SECONDS_PER_CASE = 0.02
"""What a case takes, from its generation to the verdict on its response, at a fast target (measured: 0.01 to 0.04)."""
KINDS = 20
"""How many kinds of cases an operation with a body has, about."""
MADE_PER_SENT = 10

SOME = "only some of the requests that can be made from its schema were sent"
MORE_EXAMPLES = f"{SOME}: --max-examples N sends more"
MORE_TIME = f"{SOME}, as the other operations need time, too: a longer --max-time sends more"


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
        self._sent: Counter[str] = Counter()
        self._always, self._reason = 0, MORE_EXAMPLES

    def fit(self, seconds: float, operations: int, rate: float | None) -> None:
        """Send about as many cases of each operation as fit into ``seconds`` for all of them, with ``rate`` requests a second: so
        many of any kind, and then a few of each kind."""
        per_case = max(SECONDS_PER_CASE, 1 / rate if rate else 0.0)
        cases = max(KINDS, int(seconds / per_case / max(1, operations)))
        if cases // KINDS < self._whole:
            self._always, self._whole, self._reason = cases, cases // KINDS, MORE_TIME
            self._made = min(self._made, MADE_PER_SENT * cases)

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
        if seen % step == 0 or self._sent[case.operation.label] < self._always:
            self._sent[case.operation.label] += 1
            return True
        self._left.add(case.operation.label)
        return False

    def records(self, api: str) -> Iterator[Record]:
        """A record for each operation for which some cases were not sent."""
        for label in sorted(self._left):
            yield Record(api, "conformance", "conformance.rest", label, NOT_TRIED, reason=self._reason)
