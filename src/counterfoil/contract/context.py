"""The context in which a law is tried: requests, expectations, generated values, and observations shared in one run.

Values are generated with Hypothesis from what was observed at the target (``ctx.for_all``), so a law works on any target's data
and reports the smallest failing case.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import quote

from counterfoil.contract.created import created_paths, is_created
from counterfoil.contract.effort import MAX_SHRINKS, EffortLevel, search_settings
from counterfoil.contract.http_client import (
    SAFE_METHODS,
    UNSET,
    WRONG_TOKEN,
    HttpClient,
    NoResponse,
    OutOfTime,
    Query,
)
from counterfoil.contract.law import Law, LawFailed, NotApplicable, NotTried, brief
from counterfoil.contract.law_books import own_scheme
from counterfoil.contract.observations import ObservationCache
from counterfoil.contract.response import Response
from counterfoil.contract.target import Json

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

V = TypeVar("V")


class LawContext:
    """One law being tried at one target; a law makes every request and every judgement through it.

    ``spec`` is the OpenAPI document, ``observations`` is shared by the laws of one run, ``cases`` counts the cases tried,
    ``judgements`` the expectations that were tested, other than a status of 200.
    """

    def __init__(
        self,
        client: HttpClient,
        law: Law,
        spec: Mapping[str, Any],
        observations: ObservationCache,
        effort: EffortLevel,
    ) -> None:
        self.client, self.law, self.spec, self.observations, self.effort = client, law, spec, observations, effort
        self.cases = self.judgements = 0
        self._case = ""
        self._observations_used: dict[Hashable, tuple[str, ...]] = {}
        client.transcript.clear()

    # ------------------------------------------------------------------ requests

    def request(
        self,
        operation: str,
        *,
        path: Mapping[str, Any] | None = None,
        query: Query = (),
        body: Json = UNSET,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = UNSET,
    ) -> Response:
        """Send ``"PATCH /things/{id}"`` with its path parameters filled in, and return the response whatever its status.

        ``token=None`` sends no credential. Any method but GET, HEAD and OPTIONS clears the observations. Raises ``LawFailed``
        when there is no response, and ``NotApplicable`` for a request that might change something this check did not create.
        """
        method, template = operation.split(" ", 1)
        filled = re.sub(r"\{([^}]*)\}", lambda name: quote(str((path or {})[name[1]]), safe="+@:"), template)
        writes = method not in SAFE_METHODS and operation != self.client.login_operation
        if writes:
            self._require_own(operation, filled, (path or {}).values())
        if method not in SAFE_METHODS:
            self.observations.clear()
        try:
            response = self.client.send(
                method,
                filled,
                query=query,
                body=body,
                content=content,
                headers=headers,
                token=token,
                scheme=own_scheme(self.client.book, operation, self.client.schemes[0]),
            )
        except OutOfTime:
            raise
        except NoResponse as error:
            self.fail("a response", str(error), cause=error)
        if writes and method == "POST":
            location = response.headers.get("location")
            self.observations.left_behind += created_paths(filled, response.status, response.content, location)
        return response

    def _require_own(self, operation: str, filled: str, ids: Iterable[Any]) -> None:
        """Skip a write that could reach a resource that this check did not create, unless the target was started for it."""
        if self.client.target.disposable:
            return
        ids = set(map(str, ids))
        own = is_created(filled, self.observations.left_behind) or (ids and ids <= self.client.unknown_ids)
        creates = not ids and operation.startswith("POST ") and operation not in self.client.acts_on_existing
        if not own and not creates:
            self.skip(f"{operation} could change what this check did not create")

    def request_json(self, operation: str, *, status: int | Sequence[int] = 200, **options: Any) -> Json:
        """Like ``request``, but the status must be (one of) ``status``; returns the JSON body (``None`` if empty)."""
        return self.json_body(self.request(operation, **options), status)

    def json_body(self, response: Response, status: int | Sequence[int] = 200) -> Json:
        """The JSON body of a response whose status must be (one of) ``status``."""
        allowed = (status,) if isinstance(status, int) else tuple(status)
        if response.status not in allowed:
            self.fail(f"status {' or '.join(map(str, allowed))}", f"{response.status}: {response.brief(160)}")
        self.judgements += allowed != (200,)
        if not response.content and response.status in (201, 202, 204):
            return None
        try:
            return response.body
        except ValueError as error:
            self.fail("a JSON body", str(error))

    def cached(self, key: Hashable, fetch: Callable[[], V]) -> V:
        """``fetch()``, cached for all laws of this run until one writes.

        The requests that ``fetch`` made are shown with every finding that uses the value.
        """
        if key not in self.observations.values:
            before = len(self.client.transcript)
            value = fetch()
            requests = tuple(self.client.transcript[before:])
            del self.client.transcript[before:]
            self.observations.values[key] = (value, requests)
        self._observations_used[key] = self.observations.values[key][1]
        cached: V = self.observations.values[key][0]
        return cached

    def fact(self, key: Hashable, find: Callable[[], V]) -> V:
        """``find()``, cached for the whole run: a property of the target that no write changes."""
        if key not in self.observations.facts:
            self.observations.facts[key] = find()
        fact: V = self.observations.facts[key]
        return fact

    @property
    def is_sparing(self) -> bool:
        """Whether to try only the cases that are most likely to show a defect: with a long list, all cases would need many slow
        requests."""
        return bool(self.observations.long_lists)

    def sample(self, values: Sequence[V], most: int) -> list[V]:
        """``values``; if ``is_sparing``, at most ``most`` of them, evenly spread. The seed decides which."""
        if not self.is_sparing or len(values) <= most:
            return list(values)
        return [values[(self.effort.seed + number * len(values) // most) % len(values)] for number in range(most)]

    def switch(self, name: str) -> str | None:
        """The choice given with ``--switch``, or ``None``."""
        return self.client.target.switches.get(name)

    def perform(self, name: str, *args: Any, **options: Any) -> Any:
        """Use a capability of the target (``Target.capabilities``); if it is missing or fails, the law does not apply."""
        capability = self.client.target.capabilities.get(name)
        if capability is None:
            self.skip(f"this target does not offer the capability {name}")
        self.observations.clear()
        self.client.transcript.append(f"# {name} {' '.join(map(str, args))}".rstrip())
        try:
            return capability(*args, **options)
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            self.skip(f"{name}: {reason}")

    def now(self) -> datetime:
        """The target's time: from its capability ``now``, else from the ``Date`` header of its last response."""
        if "now" in self.client.target.capabilities:
            now: datetime = self.client.target.capabilities["now"]()
            return now
        try:
            return parsedate_to_datetime(self.client.last_date or "")
        except ValueError:
            self.skip("the target does not send its time in a Date header")

    def pause(self, seconds: float = 1.1) -> None:
        """Let time pass at the target: with its capability ``advance``, else by waiting."""
        if "advance" in self.client.target.capabilities:
            self.client.target.capabilities["advance"](max(1, round(seconds)))
            self.observations.clear()
        else:
            time.sleep(seconds)

    @property
    def wrong_token(self) -> str:
        """A credential that the target does not know."""
        return WRONG_TOKEN

    @property
    def forbidden_token(self) -> str:
        """A known credential without permission; without one the law is not tried."""
        if self.client.target.forbidden is None:
            raise NotTried("no credential without permission was given: set COUNTERFOIL_FORBIDDEN")
        return self.client.target.forbidden

    def known_ids(self, name: str) -> tuple[str, ...]:
        """The ids given for the path parameter ``name`` (``Target.known``); without any the law is not tried."""
        ids = tuple(self.client.target.known.get(name, ()))
        if not ids:
            raise NotTried(f"no {name} was given to look at: use --known {self.law.api}.{name}=VALUE")
        return ids

    # ------------------------------------------------------------------ judgements

    def expect(self, holds: bool, expected: str, got: Any = "") -> None:
        """Fail the law unless ``holds``; ``expected`` and ``got`` describe the expected and the actual response."""
        self.judgements += 1
        if not holds:
            self.fail(expected, got)

    def fail(self, expected: str, got: Any, cause: Exception | None = None) -> NoReturn:
        """End the law: it failed."""
        raise LawFailed(expected, got, case=self._case, requests=self.requests()) from cause

    def skip(self, reason: str) -> NoReturn:
        """End the law: it does not apply at this target, for ``reason``."""
        raise NotApplicable(reason)

    def require(self, holds: Any, reason: str) -> None:
        """Unless ``holds``, the law does not apply for ``reason``."""
        if not holds:
            self.skip(reason)

    def requests(self) -> tuple[str, ...]:
        """The requests of the case that is being tried, and those of the observations it uses."""
        observed = (line for lines in self._observations_used.values() for line in lines)
        return tuple(dict.fromkeys((*observed, *self.client.transcript)))

    # ------------------------------------------------------------------ cases

    def for_all(
        self,
        strategy: SearchStrategy[V],
        body: Callable[[V], None],
        *,
        max_examples: int | None = None,
        least: int = 2,
        shown: Callable[[V], object] = lambda value: value,
    ) -> None:
        """Try ``body`` with at most ``max_examples`` values of ``strategy`` (by default ``EffortLevel.max_examples``). If
        ``is_sparing``, it tries ``least`` values for every twelve of these, and at least ``least``. A finding shows
        ``shown(value)``.

        The same seed generates the same values. A failing value is shrunk, and the smallest one is reported. Each value is
        tried once and its verdict kept, so a target whose responses vary cannot confuse the search.
        """
        from hypothesis import given, seed

        most = max_examples or self.effort.max_examples
        if self.is_sparing:
            most = least * max(1, most // 12)
        verdicts: dict[str, LawFailed | NotApplicable | None] = {}
        failing = [0]

        def tried(value: V) -> None:
            key = repr(value)
            if key not in verdicts:
                if failing[0] > (MAX_SHRINKS if self.effort.shrink else 0):
                    return
                verdicts[key] = self._try_case(value, body, shown)
                failing[0] += 1 if failing[0] or isinstance(verdicts[key], LawFailed) else 0
            if isinstance(verdict := verdicts[key], LawFailed):
                raise verdict

        run = search_settings(most, self.effort)(given(strategy)(tried))
        seed(self.effort.seed)(run)()
        skips = [verdict for verdict in verdicts.values() if isinstance(verdict, NotApplicable)]
        if skips and len(skips) == len(verdicts):
            raise skips[0]

    def for_each(
        self,
        values: Iterable[V],
        body: Callable[[V], None],
        *,
        shown: Callable[[V], object] = lambda value: value,
    ) -> None:
        """Try ``body`` with every one of ``values``, in order; the first failure is reported, with ``shown(value)``."""
        skipped: NotApplicable | None = None
        passed = False
        for value in values:
            verdict = self._try_case(value, body, shown)
            if isinstance(verdict, LawFailed):
                raise verdict
            skipped, passed = verdict or skipped, passed or verdict is None
        if skipped is not None and not passed:
            raise skipped

    def _try_case(
        self, value: V, body: Callable[[V], None], shown: Callable[[V], object]
    ) -> LawFailed | NotApplicable | None:
        self.cases += 1
        self.client.transcript.clear()
        self._case = brief(shown(value), 200)
        used_before = dict(self._observations_used)
        try:
            body(value)
        except LawFailed as failure:
            return failure
        except NotApplicable as reason:
            return reason
        finally:
            self._case = ""
            self._observations_used = used_before  # a finding shows only the observations of its own case
        return None
