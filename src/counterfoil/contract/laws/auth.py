"""Who gets in: nobody without a credential, with a wrong one, with one that may not, or with one that ran out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from counterfoil.contract.law import Law, Login, Trial, says
from counterfoil.contract.probe import UNSET, Reply

Shape = Callable[[Reply], str | None]
"""Complains (one line) about a reply that is not the error body it should be, or returns ``None``."""


@dataclass(frozen=True)
class Way:
    """One request that a caller with a good credential may make; changes nothing when it is refused."""

    operation: str
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None

    def go(self, trial: Trial, token: str | None = UNSET, headers: Mapping[str, str] | None = None) -> Reply:
        options: dict[str, Any] = {} if self.body is None else {"body": self.body}
        return trial.call(self.operation, path=self.path, query=self.query, token=token, headers=headers, **options)


def refused(trial: Trial, reply: Reply, status: int, shape: Shape | None = None) -> None:
    """The reply has this status, and its body the shape of an error."""
    trial.expect(reply.status == status, f"status {status}", f"{reply.status}: {reply.brief(120)}")
    complaint = shape(reply) if shape else None
    trial.expect(complaint is None, "the vendor's error body", complaint)


def without_credential(id: str, ways: tuple[Way, ...], *clauses: str, shape: Shape | None = None) -> Law:
    """No credential, no answer."""

    def check(trial: Trial) -> None:
        """Without a credential the answer is 401, with an error's body."""
        trial.each(ways, lambda way: refused(trial, way.go(trial, None), 401, shape))

    return _law(id, ways, clauses, check)


def wrong_credential(id: str, ways: tuple[Way, ...], *clauses: str, shape: Shape | None = None) -> Law:
    """A credential that nobody knows is refused."""

    def check(trial: Trial) -> None:
        """A credential that nobody knows gives 401, with an error's body."""
        trial.each(ways, lambda way: refused(trial, way.go(trial, trial.wrong_token), 401, shape))

    return _law(id, ways, clauses, check)


def forbidden(id: str, ways: tuple[Way, ...], *clauses: str, shape: Shape | None = None) -> Law:
    """A credential that is known but may not is refused with 403."""

    def check(trial: Trial) -> None:
        """A credential that is known but may not do this gives 403, with an error's body."""
        token = trial.forbidden_token
        trial.each(ways, lambda way: refused(trial, way.go(trial, token), 403, shape))

    return _law(id, ways, clauses, check)


def login_opens(id: str, login: Login, way: Way, *clauses: str) -> Law:
    """A token that was fetched opens the door."""

    def check(trial: Trial) -> None:
        """A token fetched with good credentials opens the API."""
        trial.json(way.go(trial, fresh_token(trial, login)))

    return Law(id, login.operation, "auth", clauses, says(check), check)


def wrong_login(id: str, login: Login, bodies: tuple[Any, ...], *clauses: str, shape: Shape | None = None) -> Law:
    """Wrong credentials fetch no token."""

    def check(trial: Trial) -> None:
        """Credentials that nobody has fetch no token: 401."""
        trial.each(bodies, lambda body: refused(trial, trial.call(login.operation, body=body, token=None), 401, shape))

    return Law(id, login.operation, "auth", clauses, says(check), check)


def token_expires(id: str, login: Login, way: Way, seconds: int, *clauses: str, shape: Shape | None = None) -> Law:
    """A token is good for so many seconds and not one longer. Needs the act ``advance``."""

    def check(trial: Trial) -> None:
        trial.need("advance" in trial.probe.target.acts, "nobody can move this target's clock")
        token = fresh_token(trial, login)
        trial.act("advance", seconds - 1)
        reply = way.go(trial, token)
        trial.expect(reply.status == 200, f"200 after {seconds - 1} s", f"{reply.status}: {reply.brief(120)}")
        trial.act("advance", 1)
        refused(trial, way.go(trial, token), 401, shape)

    text = f"A token works for {seconds // 60} minutes; from then on the answer is 401."
    return Law(id, way.operation, "auth", clauses, text, check, acts=("advance",))


def fresh_token(trial: Trial, login: Login) -> str:
    """A token of this moment, or the law does not apply because no login was given."""
    body = trial.probe.target.login
    trial.need(body is not None, "no login was given")
    answer = trial.ask(login.operation, body=body, token=None, status=(200, 201))
    token = answer.get(login.member) if isinstance(answer, dict) else None
    trial.expect(isinstance(token, str) and token != "", f"a token in {login.member}", answer)
    trial.probe.secrets.add(token, "$COUNTERFOIL_TOKEN")
    return str(token)


def _law(id: str, ways: tuple[Way, ...], clauses: tuple[str, ...], check: Callable[[Trial], None]) -> Law:
    # Whoever lets a stranger in may also do what the stranger asks: such a law is a writing one.
    writes = any(not way.operation.startswith(("GET ", "HEAD ", "OPTIONS ")) for way in ways)
    return Law(id, ways[0].operation, "auth", clauses, says(check), check, writes=writes)
