"""What is to be checked: where it is, how to get in, and what may be done to it.

It refuses to know HTTP and any vendor. Credentials live here and are never shown: ``Secrets`` replaces them in every text
that leaves the checker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

Json = Any
Act = Callable[..., Any]

MASK = "***"
_SHORTEST_SECRET = 4  # anything shorter would also blot out innocent text


@dataclass(frozen=True)
class Target:
    """One implementation of one API.

    ``url`` is the base the spec's paths are appended to (``https://rest.elevatebilling.com/v1``). ``token`` is the
    credential, sent the way the spec's security scheme says; ``headers`` go with every request as they are. With
    ``login`` (the body for the law book's ``Login``) a token is fetched and, when it expires, fetched again.
    ``forbidden`` is a second credential that is known but may not: without it, the laws about 403 do not apply.

    ``transport`` (an httpx transport) and ``app`` (the ASGI or WSGI application behind it) keep everything in this
    process. ``ours`` says that it was started for this check, so that it may be written to. ``twin`` is another one just
    like it that shares no state with it: there conformance can run while the laws run here. ``acts`` is what can be done
    to the target other than through its API, by name, and only laws that ask for one by name use it: ``advance(seconds)``
    moves its clock, ``now()`` gives it, and others are named by the law books. ``known`` holds what is there to be looked at
    where the API itself does not list it: ids, by the name of the path parameter they fill (``{"org_id": ("17", "23")}``).
    """

    url: str
    token: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    forbidden: str | None = None
    login: Json | None = None
    transport: httpx.BaseTransport | None = None
    app: Any = None
    acts: Mapping[str, Act] = field(default_factory=dict)
    ours: bool = False
    twin: Target | None = None
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Target({self.url!r})"


class Secrets:
    """The texts that must not be shown, each with what stands in its place."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def add(self, secret: str | None, placeholder: str = MASK) -> None:
        """Hide ``secret`` from now on; ``None`` and texts too short to be one are passed over."""
        if secret is not None and len(secret) >= _SHORTEST_SECRET:
            self._known.setdefault(secret, placeholder)

    def add_all(self, value: Json, placeholder: str = MASK) -> None:
        """Hide every text inside a JSON value, such as a login's body."""
        if isinstance(value, str):
            self.add(value, placeholder)
        elif isinstance(value, Mapping):
            for part in value.values():
                self.add_all(part, placeholder)

    def hide(self, text: str) -> str:
        """``text`` without any secret; longer ones first, since one may be part of another."""
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, self._known[secret])
        return text


def secrets_of(target: Target) -> Secrets:
    """What has to be hidden for this target. Placeholders are shell variables, so that a curl line still runs."""
    secrets = Secrets()
    secrets.add(target.token, "$COUNTERFOIL_TOKEN")
    secrets.add(target.forbidden, "$COUNTERFOIL_FORBIDDEN")
    for name, value in target.headers.items():
        bare = value.split(" ", 1)[-1]
        known = bare in (target.token, target.forbidden)
        secrets.add(bare, "$COUNTERFOIL_TOKEN" if known or name.lower() == "authorization" else "$COUNTERFOIL_HEADER")
    secrets.add_all(_passwords(target.login))
    return secrets


def _passwords(login: Json) -> Json:
    """A login's members but for the user's name, which is no secret and often a word that stands elsewhere too."""
    if not isinstance(login, Mapping):
        return login
    return {name: value for name, value in login.items() if name.lower() not in {"username", "user", "clientid"}}
