"""Finds laws that hold only because the target has no data that they are about.

A law that even a random, stateless mock satisfies proves nothing about a target. So a law that held is tried again, without
the target, on the recorded responses: with every value changed, and every refusal turned into a success. If it still holds,
it looked at no value.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx

from counterfoil.contract.context import LawContext
from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.http_client import HttpClient, NoResponse, RawResponse, RequestKey, request_key
from counterfoil.contract.law import Law
from counterfoil.contract.observations import ObservationCache
from counterfoil.contract.target import Json

VACUOUS = "vacuous here: it would hold whatever values the responses had"
MAX_KEPT_BYTES = 48_000_000
"""Bytes of responses that are kept; if a target sends more, no law is called vacuous."""
How = Literal["other values", "swapped", "other types", "left out"]
WAYS: tuple[How, ...] = ("other values", "swapped", "swapped", "other types", "left out")
"""How the copies of the responses are changed; a law that holds on all of them is vacuous. ``swapped`` exchanges the values of
a member among the items that have it, ``left out`` removes half of the members."""
LETTERS = "abcdefgh"

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\S+)?")


@dataclass
class Recording:
    """The last response to each request of a run, and its changed copies with what laws observed in them.

    The copies are made once and shared by the laws, like the responses.
    """

    answers: dict[RequestKey, RawResponse] = field(default_factory=dict)
    size: int = 0
    long_lists: set[Hashable] = field(default_factory=set)
    _changed: dict[tuple[int, RequestKey], bytes] = field(default_factory=dict)
    _observed: dict[int, ObservationCache] = field(default_factory=dict)

    def add(self, key: RequestKey, answer: RawResponse) -> None:
        """Keep a response; once too much was sent, keep none."""
        before = self.answers.get(key)
        self.size += len(answer[2]) - (len(before[2]) if before else 0)
        if before is not None and before[2] != answer[2]:
            self._forget_copies()
        if self.is_complete:
            self.answers[key] = answer
        else:
            self.answers.clear()
            self._forget_copies()

    def _forget_copies(self) -> None:
        self._changed.clear()
        self._observed.clear()

    @property
    def is_complete(self) -> bool:
        return self.size <= MAX_KEPT_BYTES

    def changed(self, way: int, key: RequestKey) -> bytes:
        """The body of a response, changed as ``WAYS[way]`` says; the same each time."""
        if (way, key) not in self._changed:
            rng = random.Random(f"{way} {key[0]} {key[1]}")  # noqa: S311 - not for secrets
            body = self.answers[key][2]
            with suppress(ValueError, RecursionError):  # not JSON
                body = json.dumps(_Changed(json.loads(body), WAYS[way], rng).body).encode()
            self._changed[way, key] = body
        return self._changed[way, key]

    def observed(self, way: int) -> ObservationCache:
        """What laws observed in the copies that are changed as ``WAYS[way]`` says."""
        return self._observed.setdefault(way, ObservationCache(long_lists=self.long_lists))


def is_vacuous(
    law: Law,
    client: HttpClient,
    spec: Mapping[str, Any],
    recording: Recording,
    observations: ObservationCache,
    effort: EffortLevel,
) -> bool:
    """Whether a law that held at ``client``'s target would hold for other values too; always False for a law that writes."""
    if law.writes or law.needs or not recording.is_complete:
        return False
    quick = replace(effort, shrink=False)
    recording.long_lists = observations.long_lists
    return all(_holds(law, client, spec, recording, quick, way) for way in range(len(WAYS)))


def _holds(
    law: Law,
    client: HttpClient,
    spec: Mapping[str, Any],
    recording: Recording,
    effort: EffortLevel,
    way: int,
) -> bool:
    with _Replay(client, recording, way) as replay:
        try:
            law.check(LawContext(replay, law, spec, recording.observed(way), effort))
        except Exception:  # whatever a law raises, it looked at a value that was changed
            return False
    return True


class _Replay(HttpClient):
    """Answers from a recording, with changed values, and sends nothing."""

    def __init__(self, client: HttpClient, recording: Recording, way: int) -> None:
        target = replace(
            client.target,
            transport=httpx.MockTransport(lambda request: httpx.Response(500)),
            capabilities={**client.target.capabilities, "advance": lambda seconds: None},
        )
        super().__init__(target, client.schemes[0], client.schemes[1:], query_keys=client.query_keys, book=client.book)
        self.token, self.secrets, self.last_date = client.token, client.secrets, client.last_date
        self._recording, self._way = recording, way

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> RawResponse:
        key = request_key(method, url, headers, content)
        if key not in self._recording.answers:
            raise NoResponse("this request was not recorded")
        status, sent, _ = self._recording.answers[key]
        return (status if status // 100 == 2 else 200), sent, self._recording.changed(self._way, key)


class _Changed:
    """Copies of JSON values of one body in which numbers, texts and booleans are changed, or members are left out."""

    def __init__(self, body: Json, how: How, rng: random.Random) -> None:
        self._how, self._rng = how, rng
        self._seen: dict[str, list[Json]] = {}
        if how == "swapped":
            self._collect(body, "")
        self.body = self._copy(body, "")

    def _collect(self, value: Json, member: str) -> None:
        if isinstance(value, dict):
            for name, part in value.items():
                self._collect(part, name)
        elif isinstance(value, list):
            for part in value:
                self._collect(part, member)
        else:
            self._seen.setdefault(member, []).append(value)

    def _copy(self, value: Json, member: str) -> Json:
        if isinstance(value, dict):
            kept = [name for name in value if self._how != "left out" or self._rng.random() < 0.5]
            return {name: self._copy(value[name], name) for name in kept}
        if isinstance(value, list):
            return [self._copy(part, member) for part in value]
        if self._how == "left out":
            return value
        if self._how == "swapped":
            return self._rng.choice(self._seen[member])
        if isinstance(value, bool) or value is None:
            return None if value is None else not value
        if self._how == "other types":
            return self._rng.randint(0, 99) if isinstance(value, str) else f"{value} {self._rng.choice(LETTERS)}"
        return _other_text(value, self._rng) if isinstance(value, str) else _other_number(value, self._rng)


def _other_number(value: float, rng: random.Random) -> float:
    changed = value + rng.choice((-1, 1)) * (abs(value) + rng.randint(1, 99))
    return changed if isinstance(value, int) else round(changed, 2)


def _other_text(text: str, rng: random.Random) -> str:
    if number := _NUMBER.fullmatch(text):
        return f"{_other_number(float(text), rng):.{len(number[1] or '.') - 1}f}"
    if _MOMENT.fullmatch(text):
        try:
            moved = datetime.fromisoformat(text) + timedelta(days=rng.randint(1, 99))
        except (ValueError, OverflowError):
            return text
        return moved.date().isoformat() if len(text) == len("2026-01-31") else moved.isoformat().replace("+00:00", "Z")
    return f"{text}{rng.choice(LETTERS)}"
