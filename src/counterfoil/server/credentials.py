"""Accepts any credential that has the form of a document's security scheme, for APIs of a user's own document.

Such a document does not name valid credentials, so every credential is valid unless the world's grants exclude it from the API
(403). A missing credential, or one of another form, is refused (401).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from counterfoil.api import ApiError, Principal
from counterfoil.redact import BLANK
from counterfoil.server.context import RequestContext
from counterfoil.server.parsing.parameters import pairs

Json = Any


def user_of(sent: list[str], context: RequestContext) -> Principal:
    """The principal of a credential; ``sent`` has its parts. Raises ``ApiError`` (forbidden)."""
    for part in sent:
        grant = context.world.grant(part)
        if grant is not None and not grant.allows(context.api.name):
            raise ApiError("forbidden", "this credential may not use this API")
    return Principal(sent[0])


def reader_of(scheme: Mapping[str, Json]) -> Callable[[RequestContext], list[str]]:
    """A function that reads the credential of a scheme; a user name and a password are two parts. It raises ``ApiError``
    (unauthenticated)."""
    kind = scheme["type"]
    if kind == "apiKey":
        return lambda context: [_api_key(scheme["name"], scheme["in"], context)]
    if kind == "mutualTLS":  # the certificate belongs to the connection and is not visible here
        return lambda context: ["mutualTLS"]
    name = scheme["scheme"] if kind == "http" else "bearer"
    expected, message = name.lower(), f"send a credential as 'Authorization: {name.capitalize()} …'"

    def read(context: RequestContext) -> list[str]:
        sent_scheme, _, credential = context.headers.get("authorization", "").strip().partition(" ")
        credential = credential.strip()
        if sent_scheme.lower() != expected or not credential:
            raise ApiError("unauthenticated", message)
        return _user_and_password(credential) if expected == "basic" else [credential]

    return read


def _api_key(name: str, where: str, context: RequestContext) -> str:
    value = ""
    if where == "header":
        value = context.headers.get(name.lower(), "").strip()
    elif where == "query":
        value = pairs(context.query_string).get(name, [""])[0]
    else:
        for part in context.headers.get("cookie", "").split(";"):
            cookie, _, cookie_value = part.strip().partition("=")
            value = cookie_value if cookie == name else value
    if not value:
        place = {"query": "query parameter"}.get(where, where)
        raise ApiError("unauthenticated", f"send a credential in the {place} {name}")
    return value


def blank(context: RequestContext) -> None:
    """Blank the credentials in the request's headers and query. The journal and the log blank names of usual credentials only;
    a document may use another name."""
    spec = context.api.spec
    names = spec.derived.get("credential_names") if spec is not None else None
    if names is None:
        schemes = spec.raw.get("components", {}).get("securitySchemes", {}) if spec is not None else {}
        names = {(scheme["in"], scheme["name"].lower()) for scheme in schemes.values() if scheme["type"] == "apiKey"}
        if spec is not None:
            spec.derived["credential_names"] = names
    if not names:
        return
    context.headers = {name: BLANK if ("header", name) in names else text for name, text in context.headers.items()}
    if any(where == "query" for where, _ in names):
        parts = context.query_string.decode("latin-1").split("&")
        context.query_string = "&".join(_blanked(part, names) for part in parts).encode("latin-1")


def _blanked(part: str, names: set[tuple[str, str]]) -> str:
    name, equals, _ = part.partition("=")
    return f"{name}={BLANK}" if equals and ("query", unquote_plus(name).lower()) in names else part


def _user_and_password(credential: str) -> list[str]:
    try:
        user, colon, password = base64.b64decode(credential, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise ApiError("unauthenticated", "the credential is not base64 of user:password (RFC 7617)")
    return [part for part in (user, password) if part] or [""]
