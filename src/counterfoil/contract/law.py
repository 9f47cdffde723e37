"""What a law is, and what it is given to work with: a ``Trial``.

A law is one behaviour that must hold over HTTP. Its ``check`` receives a ``Trial``, makes requests through it, and returns when
the behaviour holds. It says no through ``trial.expect(…)`` (or by raising ``Broken``), and ``trial.skip(…)`` when this
target has nothing to try it on. ::

    def newest_first(trial: Trial) -> None:
        '''The list is in descending order of its dates.'''
        dates = [item["date"] for item in trial.ask("GET /things")]
        trial.expect(dates == sorted(dates, reverse=True), expected="dates that fall", got=dates)

    LAWS = (Law("acme.things.newest", "GET /things", "sorting", ("acme.c07",), says(newest_first), newest_first),)

Values are drawn with Hypothesis from what was observed at the target (``trial.given``), so a law works on a stranger's data
and its message shows the smallest case found. This module knows no vendor and no family of laws.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import quote

from counterfoil.contract.probe import UNSET, WRONG_TOKEN, OutOfTime, Probe, Query, Reply, Trouble
from counterfoil.contract.target import Json

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

V = TypeVar("V")

MOST_SHRINKS = 40
"""Further cases tried to make a failing one smaller; each may cost a few requests."""


class Broken(Exception):
    """The law does not hold. ``expected`` and ``got`` are one line each; ``requests`` the curl lines that show it."""

    def __init__(self, expected: str, got: Any, *, case: str = "", requests: Sequence[str] = ()) -> None:
        self.expected = expected
        self.got = brief(got)
        self.case = case
        self.requests = tuple(requests)
        super().__init__(f"expected {expected}; got {self.got}" + (f" (with {case})" if case else ""))


class NotApplicable(Exception):
    """This target offers nothing to try the law on; the reason says what is missing."""


@dataclass(frozen=True)
class Law:
    """One behaviour that must hold over HTTP.

    ``id`` starts with the API's short name (``elevate.sort.desc``). ``operation`` is written as in the spec (``GET /things``).
    ``clauses`` are ids of the API's ``clauses.yaml``; ``c07`` is short for ``elevate.c07``. ``says`` is
    the behaviour in one sentence of ours. ``writes`` marks a
    law that changes something at the target: it runs with ``--writes`` only. ``acts`` names what it needs done to the
    target by other means than its API (``Target.acts``); without them it does not apply.
    """

    id: str
    operation: str
    family: str
    clauses: tuple[str, ...]
    says: str
    check: Callable[[Trial], None]
    writes: bool = False
    acts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        full = tuple(clause if "." in clause else f"{self.api}.{clause}" for clause in self.clauses)
        object.__setattr__(self, "clauses", full)

    @property
    def api(self) -> str:
        return self.id.split(".", 1)[0]


@dataclass(frozen=True)
class Login:
    """How a token is fetched: ``operation`` takes the target's ``login`` as body and answers with it in ``member``."""

    operation: str
    member: str


@dataclass(frozen=True)
class Book:
    """One API's laws, and what the checker has to know before it can try them.

    ``greeting`` is an operation that every caller with a good credential may use, with ``greeting_query`` and
    ``greeting_path``: the first request, which tells whether anybody is there and lets us in. With ``greeting_known`` the
    first ids of ``Target.known``, where there are any, stand in its path. ``login`` is for APIs that trade
    credentials for a token.
    """

    api: str
    laws: tuple[Law, ...]
    greeting: str
    greeting_query: Mapping[str, Any] = field(default_factory=dict)
    greeting_path: Mapping[str, Any] = field(default_factory=dict)
    greeting_known: bool = False
    login: Login | None = None


def says(check: Callable[..., Any]) -> str:
    """The first paragraph of a function's docstring, on one line."""
    return " ".join((check.__doc__ or check.__name__.replace("_", " ")).strip().split("\n\n")[0].split())


def brief(value: Any, length: int = 400) -> str:
    """A value on one line, cut to ``length``; long lists show their ends."""
    if isinstance(value, str):
        text = value
    else:
        if isinstance(value, (list, tuple)) and len(value) > 12:
            value = [*value[:6], f"… {len(value) - 9} more …", *value[-3:]]
        text = re.sub(r"Decimal\('([^']*)'\)", r"\1", repr(value))
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[:length]}…"


@dataclass
class Evidence:
    """What was observed at a target during one run, kept until something is written there."""

    values: dict[Hashable, tuple[Any, tuple[str, ...]]] = field(default_factory=dict)
    left_behind: list[str] = field(default_factory=list)

    def forget(self) -> None:
        self.values.clear()


@dataclass(frozen=True)
class Effort:
    """How hard a law is tried: generated cases at most, the seed, and whether a failing case is made smaller."""

    max_examples: int = 12
    seed: int = 0
    shrink: bool = True


class Trial:
    """One law being tried at one target. Everything a law does goes through here.

    ``spec`` is the OpenAPI document, ``evidence`` is shared with the other laws of the run, ``cases`` counts what was tried.
    """

    def __init__(self, probe: Probe, law: Law, spec: Mapping[str, Any], evidence: Evidence, effort: Effort) -> None:
        self.probe, self.law, self.spec, self.evidence, self.effort = probe, law, spec, evidence, effort
        self.cases = 0
        self._case = ""
        self._leant_on: dict[Hashable, tuple[str, ...]] = {}
        probe.said.clear()

    # ------------------------------------------------------------------ asking

    def call(
        self,
        operation: str,
        *,
        path: Mapping[str, Any] | None = None,
        query: Query = (),
        body: Json = UNSET,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = UNSET,
    ) -> Reply:
        """Perform ``"PATCH /things/{id}"`` with path parameters filled in; whatever the status, the reply comes back.

        ``token=None`` sends no credential. Anything but GET, HEAD or OPTIONS forgets the evidence. Raises ``Broken`` when no
        answer comes.
        """
        method, template = operation.split(" ", 1)
        filled = re.sub(r"\{([^}]*)\}", lambda name: quote(str((path or {})[name[1]]), safe="+@:"), template)
        if method not in ("GET", "HEAD", "OPTIONS"):
            self.evidence.forget()
        try:
            return self.probe.send(
                method, filled, query=query, body=body, content=content, headers=headers, token=token
            )
        except OutOfTime:
            raise
        except Trouble as trouble:
            self.broken("an answer", str(trouble), cause=trouble)

    def ask(self, operation: str, *, status: int | Sequence[int] = 200, **options: Any) -> Json:
        """Like ``call``, but the status must be (one of) ``status``; returns the JSON body (``None`` if empty)."""
        return self.json(self.call(operation, **options), status)

    def json(self, reply: Reply, status: int | Sequence[int] = 200) -> Json:
        """The JSON of a reply whose status must be (one of) ``status``."""
        wanted = (status,) if isinstance(status, int) else tuple(status)
        self.expect(
            reply.status in wanted, f"status {' or '.join(map(str, wanted))}", f"{reply.status}: {reply.brief(160)}"
        )
        if not reply.content and reply.status in (201, 202, 204):
            return None
        try:
            return reply.body
        except ValueError as error:
            self.broken("a JSON body", str(error))

    def observe(self, key: Hashable, fetch: Callable[[], V]) -> V:
        """``fetch()``, remembered for all laws of this run until one writes. Its requests show in a finding that leans on it."""
        if key not in self.evidence.values:
            before = len(self.probe.said)
            value = fetch()
            requests = tuple(self.probe.said[before:])
            del self.probe.said[before:]
            self.evidence.values[key] = (value, requests)
        self._leant_on[key] = self.evidence.values[key][1]
        found: V = self.evidence.values[key][0]
        return found

    def act(self, name: str, *args: Any, **options: Any) -> Any:
        """Do something to the target by other means than its API (``Target.acts``), or do not apply."""
        act = self.probe.target.acts.get(name)
        if act is None:
            self.skip(f"nobody can {name.replace('_', ' ')} at this target")
        self.evidence.forget()
        self.probe.said.append(f"# {name} {' '.join(map(str, args))}".rstrip())
        try:
            return act(*args, **options)
        except Exception as error:
            self.skip(f"could not {name.replace('_', ' ')}: {' '.join(str(error).split()) or type(error).__name__}")

    def moment(self) -> datetime:
        """What time it is at the target: by the act ``now``, else by the ``Date`` of its last answer, else do not apply."""
        if "now" in self.probe.target.acts:
            found: datetime = self.probe.target.acts["now"]()
            return found
        try:
            return parsedate_to_datetime(self.probe.last_date or "")
        except ValueError:
            self.skip("the target does not say what time it is")

    def pause(self, seconds: float = 1.1) -> None:
        """Let time pass at the target: by the act ``advance``, else by waiting."""
        if "advance" in self.probe.target.acts:
            self.probe.target.acts["advance"](max(1, round(seconds)))
            self.evidence.forget()
        else:
            time.sleep(seconds)

    def leaves(self, what: str) -> None:
        """Note what stays behind at the target, for the report."""
        self.evidence.left_behind.append(what)

    @property
    def wrong_token(self) -> str:
        """A credential that nobody knows."""
        return WRONG_TOKEN

    @property
    def forbidden_token(self) -> str:
        """A credential that is known but may not, or the law does not apply."""
        if self.probe.target.forbidden is None:
            self.skip("no credential without permission was given")
        return self.probe.target.forbidden

    def known(self, name: str) -> tuple[str, ...]:
        """The ids that fill the path parameter ``name`` (``Target.known``), or the law does not apply."""
        ids = tuple(self.probe.target.known.get(name, ()))
        self.need(ids, f"no {name} was given to look at")
        return ids

    # ------------------------------------------------------------------ judging

    def expect(self, holds: bool, expected: str, got: Any = "") -> None:
        """Unless ``holds``, the law is broken: ``expected`` and ``got`` tell what should have come and what did."""
        if not holds:
            self.broken(expected, got)

    def broken(self, expected: str, got: Any, cause: Exception | None = None) -> NoReturn:
        """The law is broken."""
        raise Broken(expected, got, case=self._case, requests=self._requests()) from cause

    def skip(self, reason: str) -> NoReturn:
        """There is nothing here to try the law on."""
        raise NotApplicable(reason)

    def need(self, holds: Any, reason: str) -> None:
        """Unless ``holds``, there is nothing here to try the law on."""
        if not holds:
            self.skip(reason)

    def _requests(self) -> tuple[str, ...]:
        leant = (line for lines in self._leant_on.values() for line in lines)
        return tuple(dict.fromkeys((*leant, *self.probe.said)))

    # ------------------------------------------------------------------ drawing

    def given(self, strategy: SearchStrategy[V], body: Callable[[V], None], *, most: int | None = None) -> None:
        """Try ``body`` with values of ``strategy``, at most ``most`` (by default ``Effort.max_examples``).

        The same seed draws the same values. A failing value is made smaller, and the smallest is reported. A value is tried
        once: trying it again gives the verdict it had, so a target that changes its mind cannot confuse the search.
        """
        from hypothesis import HealthCheck, Phase, given, seed, settings

        verdicts: dict[str, Broken | NotApplicable | None] = {}
        failing = [0]

        def tried(value: V) -> None:
            key = repr(value)
            if key not in verdicts:
                if failing[0] > (MOST_SHRINKS if self.effort.shrink else 0):
                    return
                verdicts[key] = self._try(value, body)
                failing[0] += 1 if failing[0] or isinstance(verdicts[key], Broken) else 0
            if isinstance(verdict := verdicts[key], Broken):
                raise verdict

        run = given(strategy)(tried)
        run = settings(
            max_examples=most or self.effort.max_examples,
            database=None,
            deadline=None,
            phases=[Phase.generate, *([Phase.shrink] if self.effort.shrink else [])],
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
        )(run)
        seed(self.effort.seed)(run)()
        skips = [verdict for verdict in verdicts.values() if isinstance(verdict, NotApplicable)]
        if skips and len(skips) == len(verdicts):
            raise skips[0]

    def each(self, values: Iterable[V], body: Callable[[V], None]) -> None:
        """Try ``body`` with every one of ``values``, in order; the first that fails is reported."""
        skipped: NotApplicable | None = None
        held = False
        for value in values:
            verdict = self._try(value, body)
            if isinstance(verdict, Broken):
                raise verdict
            skipped, held = verdict or skipped, held or verdict is None
        if skipped is not None and not held:
            raise skipped

    def _try(self, value: V, body: Callable[[V], None]) -> Broken | NotApplicable | None:
        self.cases += 1
        self.probe.said.clear()
        self._case = brief(value, 200)
        try:
            body(value)
        except Broken as broken:
            return broken
        except NotApplicable as reason:
            return reason
        finally:
            self._case = ""
        return None
