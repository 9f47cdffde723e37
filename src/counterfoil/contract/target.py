"""The target of a check: its address, its credentials, and actions that its API does not offer.

Credentials are never shown: ``Secrets`` replaces them in all output of the checker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

    from counterfoil.contract.law import LawBook

Json = Any
Capability = Callable[..., Any]

MASK = "***"
_MIN_SECRET_LENGTH = 4  # replacing shorter texts would also change unrelated text


@dataclass(frozen=True)
class Target:
    """One implementation of one API.

    ``url`` is the base the spec's paths are appended to (``https://rest.elevatebilling.com/v1``). ``token`` is the
    credential, sent as the spec's security scheme says; ``headers`` are added to every request. With ``login`` (the body for
    the law book's ``Login``) and no ``token``, a token is fetched. ``forbidden`` is a second credential, one without
    permission: without it the laws about 403 do not apply.

    ``transport`` (an httpx transport) and ``app`` (the ASGI or WSGI application behind it) keep everything in this process.
    ``disposable`` marks a target that was started for this check, so that it may be written to. ``conformance_target`` is a
    second target like it that shares no state with it; conformance runs there while the laws run here.

    ``capabilities`` are actions that the API itself does not offer, by name; only laws that name one use it:
    ``advance(seconds)`` moves the target's clock, ``now()`` returns its time, others are named by the law books. ``known``
    holds ids for path parameters whose values the API does not list, by the parameter's name (``{"org_id": ("17", "23")}``).
    ``book`` is the law book of an API that is not in the catalog. ``switches`` are the target's choices among the spec's
    ``x-assumptions``, if known; laws infer others where they can.
    """

    url: str
    token: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    forbidden: str | None = None
    login: Json | None = None
    transport: httpx.BaseTransport | None = None
    app: Any = None
    capabilities: Mapping[str, Capability] = field(default_factory=dict)
    disposable: bool = False
    conformance_target: Target | None = None
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)
    switches: Mapping[str, str] = field(default_factory=dict)
    book: LawBook | None = None

    def __repr__(self) -> str:
        return f"Target({self.url!r})"

    @property
    def seconds(self) -> float:
        """The seconds that a response may take. A stand-in of this check shares its machine with the check and whatever else runs
        there, so it may be slow without being wrong."""
        return 60.0 if self.disposable else 10.0


class Secrets:
    """Texts that must not be shown, each with the placeholder shown instead."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def add(self, secret: str | None, placeholder: str = MASK) -> None:
        """Hide ``secret`` from now on; ``None`` and texts too short to be a secret are ignored."""
        if secret is not None and len(secret) >= _MIN_SECRET_LENGTH:
            self._known.setdefault(secret, placeholder)

    def add_all(self, value: Json, placeholder: str = MASK) -> None:
        """Hide every text inside a JSON value, such as a login's body."""
        if isinstance(value, str):
            self.add(value, placeholder)
        elif isinstance(value, Mapping):
            for part in value.values():
                self.add_all(part, placeholder)

    def hide(self, text: str) -> str:
        """``text`` without any secret; longer secrets are replaced first, since one may contain another."""
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, self._known[secret])
        return text


def is_authorization(name: str) -> bool:
    """Whether a header's value is a scheme and a credential (RFC 9110, 11.6.2)."""
    return name.lower() == "authorization"


def placeholder_of(name: str) -> str:
    """The shell variable that is shown for the value of the header ``name``: each header has its own."""
    return (
        "$COUNTERFOIL_TOKEN"
        if is_authorization(name)
        else f"$COUNTERFOIL_HEADER_{re.sub('[^A-Z0-9]', '_', name.upper())}"
    )


def with_placeholder(header: str) -> str:
    """``Name: value`` with a shell variable for its secret; the scheme of ``Authorization`` is kept."""
    name, _, value = (part.strip() for part in header.partition(":"))
    scheme = f"{value.split(' ', 1)[0]} " if is_authorization(name) and " " in value else ""
    return f"{name}: {scheme}{placeholder_of(name)}"


def secrets_of(target: Target) -> Secrets:
    """The secrets of this target. Placeholders are shell variables, so that a curl line still runs."""
    secrets = Secrets()
    secrets.add(target.token, "$COUNTERFOIL_TOKEN")
    secrets.add(target.forbidden, "$COUNTERFOIL_FORBIDDEN")
    for name, value in target.headers.items():
        secrets.add(value.split(" ", 1)[-1] if is_authorization(name) else value, placeholder_of(name))
    secrets.add_all(_passwords(target.login))
    return secrets


def _passwords(login: Json) -> Json:
    """A login's members except the user's name: it is not secret, and hiding it would change unrelated text."""
    if not isinstance(login, Mapping):
        return login
    return {name: value for name, value in login.items() if name.lower() not in {"username", "user", "clientid"}}
