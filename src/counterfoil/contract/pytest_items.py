"""Turns an API's law book into pytest items, one for each operation and law. ::

    from counterfoil.contract import contract_tests

    test_elevate = contract_tests("elevate", url="https://rest.example.com/v1")

Ids are the same in every run and worker, so xdist can distribute them. A law that does not apply is skipped with the reason.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from counterfoil.contract.check import SEED, CheckOptions
from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.extra import require_check_extra
from counterfoil.contract.find_targets import find_targets
from counterfoil.contract.http_client import HttpClient, OutOfTime
from counterfoil.contract.law import Law, LawBook
from counterfoil.contract.law_books import document, law_book
from counterfoil.contract.observations import ObservationCache
from counterfoil.contract.reports.words import as_text
from counterfoil.contract.reproduce import complete
from counterfoil.contract.runner import CouldNotRun, open_client, selected_laws, try_law
from counterfoil.contract.target import Target
from counterfoil.contract.verdict import FAILED, UNTRIED

TargetOf = Callable[[], Target]


def contract_tests(
    api: str,
    *,
    url: str | None = None,
    target: Target | TargetOf | None = None,
    token: str | None = None,
    headers: Sequence[str] = (),
    writes: bool = False,
    max_examples: int = 12,
    seed: int = SEED,
    only: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Callable[..., None]:
    """A test function with one item for each operation and law of ``api``; assign it to a name that starts with ``test_``.

    ``url`` is the base the spec's paths are appended to, by default ``COUNTERFOIL_URL_<API>`` of the environment; without any
    the items are skipped. Credentials come from ``token``, ``headers`` (``"K: V"``) or the environment
    (``COUNTERFOIL_TOKEN_<API>``, …). Instead of ``url``, ``target`` may be a ``Target`` or a function that makes one, called
    once in each process. Laws that write run with ``writes`` or at a ``disposable`` target. In several xdist workers at one
    address they would disturb each other, so they share a group: use ``--dist loadgroup``.

    Raises ``NoSuchLawBook``, ``CheckUsageError``, and ``CheckNotInstalled`` without the extra ``counterfoil[check]``.
    """
    import pytest

    require_check_extra()
    book = law_book(api)
    all_laws = writes or target is not None
    laws = selected_laws(book, writes=all_laws, only=only)
    shared = _SharedTarget(
        book, _target_of(api, url, target, token, headers, environ), writes, EffortLevel(max_examples, seed)
    )

    @pytest.mark.parametrize("law", [_param(law, grouped=target is None) for law in laws])
    def test_law(law: Law) -> None:
        __tracebackhide__ = True
        shared.try_law(law)

    return test_law


def _param(law: Law, *, grouped: bool) -> Any:
    import pytest

    marks = []
    if grouped and (law.writes or law.needs) and find_spec("xdist") is not None:  # xdist registers the mark
        marks = [pytest.mark.xdist_group(f"counterfoil-{law.api}")]
    return pytest.param(law, id=f"{law.operation.replace(' ', '-')}-{law.id}", marks=marks)


def _target_of(
    api: str,
    url: str | None,
    target: Target | TargetOf | None,
    token: str | None,
    headers: Sequence[str],
    environ: Mapping[str, str] | None,
) -> TargetOf | None:
    if isinstance(target, Target):
        fixed = target
        return lambda: fixed
    if target is not None:
        return target
    environ = os.environ if environ is None else environ
    url = url or environ.get(f"COUNTERFOIL_URL_{api.upper().replace('-', '_')}")
    if not url:
        return None
    found = find_targets([api], {api: url}, headers, None, environ)[api]
    found = replace(found, token=token) if token else found
    return lambda: found


class _SharedTarget:
    """The target that the tests of one process share, with one connection and one cache of observations."""

    def __init__(self, book: LawBook, target: TargetOf | None, writes: bool, effort: EffortLevel) -> None:
        self._book, self._target_of, self._writes, self._effort = book, target, writes, effort
        self._observations = ObservationCache()
        self._client: HttpClient | None = None
        self._error: str | None = None

    def try_law(self, law: Law) -> None:
        import pytest

        __tracebackhide__ = True
        if self._target_of is None:
            pytest.skip(f"no address: set COUNTERFOIL_URL_{law.api.upper().replace('-', '_')}")
        try:
            client = self._open()
            if (law.writes or law.needs) and not (self._writes or client.target.disposable):
                pytest.skip("changes something; use writes=True")
            record = try_law(law, client, document(law.api), self._observations, self._effort)
        except (CouldNotRun, OutOfTime) as error:
            pytest.fail(str(error), pytrace=False)
        if record.status in UNTRIED:
            pytest.skip(f"{record.status}: {record.reason}")
        if record.status == FAILED:
            (record,) = complete([record], self._as_options(law.api, client))
            pytest.fail("\n\n".join(as_text(finding) for finding in record.findings), pytrace=False)

    def _as_options(self, api: str, client: HttpClient) -> CheckOptions:
        """The options of a check that does the same at this target."""
        target = client.target
        return CheckOptions(
            urls={} if target.transport or target.disposable else {api: target.url},
            headers=tuple(target.headers),
            writes=self._writes,
            max_examples=self._effort.max_examples,
            seed=self._effort.seed,
            known=tuple(f"{api}.{name}={value}" for name, values in target.known.items() for value in values),
            switches=tuple(f"{name}={value}" for name, value in target.switches.items()),
        )

    def _open(self) -> HttpClient:
        if self._error is not None:
            raise CouldNotRun(self._error)
        if self._client is None:
            assert self._target_of is not None
            try:
                self._client = open_client(self._book, self._target_of())
            except CouldNotRun as error:
                self._error = str(error)
                raise
            atexit.register(self._client.close)
        return self._client
