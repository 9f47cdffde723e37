"""The HTTP client of the laws.

It sends nothing outside the target's base URL, follows no redirect, bounds the bytes and the time of each response, keeps to a
request rate, waits after a 429, and keeps a transcript of its requests as curl lines for the findings.
"""

from __future__ import annotations

import base64
import json
import math
import re
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

import httpx

from counterfoil.contract.curl_lines import curl_line
from counterfoil.contract.deadline import ConnectionOfTrace, Deadline
from counterfoil.contract.response import Response
from counterfoil.contract.target import Json, Target, secrets_of

if TYPE_CHECKING:
    from counterfoil.contract.law import LawBook

WRONG_TOKEN = "counterfoil-checks-that-this-is-refused"  # noqa: S105 (not a credential: every target must refuse it)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
MAX_WAIT = 30.0
"""Seconds; a request is not repeated if its ``Retry-After`` is longer."""
GRACE = 0.2
"""Seconds between the time limit of a request and the moment its connection is cut, so that it can end by itself."""
MAX_RETRIES = 3
"""How often one request is repeated after a 429."""

TIME_USED_UP = "the time given with --max-time is used up"

Query = Mapping[str, Any] | Iterable[tuple[str, Any]]
RequestKey = tuple[str, str, bytes, tuple[tuple[str, str], ...]]
"""Method, URL, body and headers of a request."""
RawResponse = tuple[int, httpx.Headers, bytes]
"""Status, headers and body of a response."""
UNSET: Any = object()
"""The default of arguments for which ``None`` has a meaning."""


class NoResponse(Exception):
    """The target sent no response that can be judged: one line without secrets."""


class Interrupted(NoResponse):
    """The connection failed, or the response was late: another try may succeed."""


class OutOfTime(NoResponse):
    """The time given for the whole check is used up."""


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


BASIC = "Basic "
"""The prefix of a user name and password in base64 (RFC 7617)."""


def header_value(prefix: str, token: str) -> str:
    """The value of the header that sends ``token``. For ``Basic``, ``token`` is ``name:password`` or a name alone."""
    if prefix == BASIC:
        token = base64.b64encode((token if ":" in token else f"{token}:").encode()).decode()
    return prefix + token


class HttpClient:
    """A client for one target. Close it, or use it as a context manager.

    ``scheme`` is the header and prefix that send a token: ``("Authorization", "Bearer ")`` or ``("x-api-key", "")``.
    ``further_schemes`` and the query parameters ``query_keys`` send it, too. ``book`` is the API's law book, if its laws are
    tried. ``rate`` is requests a second, ``seconds`` the time limit of one response, ``until`` a ``time.monotonic()`` by which
    everything must end.
    """

    def __init__(
        self,
        target: Target,
        scheme: tuple[str, str] = ("Authorization", "Bearer "),
        further_schemes: tuple[tuple[str, str], ...] = (),
        *,
        query_keys: tuple[str, ...] = (),
        book: LawBook | None = None,
        rate: float | None = None,
        seconds: float | None = None,
        max_bytes: int = 32_000_000,
        until: float | None = None,
    ) -> None:
        self.target = target
        own = target.book is not None and target.book.document is not None
        self._accept = "application/json, */*;q=0.5" if own else "application/json"  # or application/vnd.api+json
        self.schemes = (scheme, *further_schemes)
        self.query_keys = query_keys
        self.secrets = secrets_of(target)
        self.token = target.token
        self.sent = 0
        self.book = book
        self.unknown_ids = book.unknown_ids if book is not None else frozenset()
        self.acts_on_existing = book.acts_on_existing if book is not None else frozenset()
        self.login_operation = book.login_operation if book is not None else None
        self.notes: list[str] = []
        self.transcript: list[str] = []
        self.on_answer: Callable[[RequestKey, RawResponse], None] = lambda key, answer: None
        self.last_date: str | None = None
        self._base = target.url.rstrip("/")
        self._pause = 1 / rate if rate else 0.0
        self._next = 0.0
        self._seconds = target.seconds if seconds is None else seconds
        self._max_bytes, self.until = max_bytes, until
        self._deadline, self._connection = Deadline(), ConnectionOfTrace()
        self._client = _httpx_client(target, self._seconds)

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; a transport that was passed in stays open, since its owner closes it."""
        self._deadline.close()
        if self.target.transport is None:
            self._client.close()

    def url(self, path: str, query: Query = ()) -> str:
        """The full URL below the base. Raises ``NoResponse`` for anything else."""
        if not path.startswith("/") or "://" in path or any(part in (".", "..") for part in path.split("/")):
            raise NoResponse(f"the checker requests nothing outside {self._base}: not {path}")
        pairs = query.items() if isinstance(query, Mapping) else query
        flat = ((name, one) for name, value in pairs for one in (value if isinstance(value, list) else [value]))
        text = urlencode([(name, _text(value)) for name, value in flat], safe=":,@*", quote_via=quote)
        return f"{self._base}{path}" + (f"?{text}" if text else "")

    def path_of(self, href: str) -> str | None:
        """The path below the base that an ``href`` in a response leads to; ``None`` when it leads elsewhere."""
        full = urlsplit(urljoin(f"{self._base}/", href))
        base = urlsplit(self._base)
        if (full.scheme, full.netloc) != (base.scheme, base.netloc) or not full.path.startswith(f"{base.path}/"):
            return None
        return full.path[len(base.path) :] + (f"?{full.query}" if full.query else "")

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: Json = UNSET,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = UNSET,
        scheme: tuple[str, str] | None = None,
        retry_429: bool = True,
    ) -> Response:
        """Send one request and return its response. ``token=None`` sends no credential, not even one among the target's headers.
        ``scheme`` is the operation's own header and prefix for the credential.

        Unless ``retry_429``, a 429 is returned like any other response. Raises ``NoResponse`` when there is none: unreachable,
        TLS error, too slow, too large, too many 429. An interrupted read is sent once more (RFC 9110, 9.2.2).
        """
        credential = self.token if token is UNSET else token
        url = self.url(path.split("?")[0], query) + (f"?{path.split('?', 1)[1]}" if "?" in path else "")
        url = self._with_keys(url, credential)
        all_headers = self._headers(headers or {}, credential, scheme, default=token is UNSET)
        if body is not UNSET:
            content = json.dumps(body, default=_plain).encode()
            all_headers.setdefault("Content-Type", "application/json")
        line = curl_line(method, url, all_headers, content, usual_accept=self._accept, hide=self.secrets.hide)
        self.transcript.append(line)
        for attempt in range(MAX_RETRIES + 1):
            self._wait_for_rate()
            status, response_headers, read = answer = self._answer(method, url, all_headers, content)
            self.on_answer(request_key(method, url, all_headers, content), answer)
            if status != httpx.codes.TOO_MANY_REQUESTS or not retry_429:
                self.last_date = response_headers.get("date")
                return Response(status, response_headers, read, line)
            if attempt < MAX_RETRIES:
                self._wait_retry_after(response_headers)
        raise NoResponse(
            f"{method} {urlsplit(url).path}: still 429 (too many requests) after {MAX_RETRIES} waits; use --rate"
        )

    def _with_keys(self, url: str, token: str | None) -> str:
        """The URL with the token in each of ``query_keys``, unless it is there already (as in a link from a response)."""
        if token is None or not self.query_keys:
            return url
        present = {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
        added = urlencode([(name, token) for name in self.query_keys if name not in present], quote_via=quote)
        if token != (quoted := quote(token, safe="")):
            self.secrets.add(quoted, "$COUNTERFOIL_TOKEN_IN_URL")
        return url + ("&" if present else "?") + added if added else url

    def _headers(
        self, from_law: Mapping[str, str], token: str | None, scheme: tuple[str, str] | None, *, default: bool
    ) -> dict[str, str]:
        headers = {"Accept": self._accept}
        credentials = {name.lower() for name, _ in self.schemes}
        from_target = self.target.headers.items()
        headers |= {key: value for key, value in from_target if default or key.lower() not in credentials}
        for name, prefix in (*self.schemes, *([scheme] if scheme else ())) if token is not None else ():
            headers[name] = header_value(prefix, str(token))
            if prefix == BASIC:
                self.secrets.add(headers[name].removeprefix(BASIC), "$COUNTERFOIL_TOKEN_IN_BASE64")
        # --header takes precedence over the law's headers, except for Accept, Content-Type and credentials.
        fixed = {key.lower() for key in self.target.headers} - {"accept", "content-type"} - credentials
        from_law = {key: value for key, value in from_law.items() if key.lower() not in fixed}
        lower = {key.lower() for key in from_law}
        return {key: value for key, value in headers.items() if key.lower() not in lower} | dict(from_law)

    def _wait_for_rate(self) -> None:
        if self._time_left() <= 0:
            raise OutOfTime(TIME_USED_UP)
        if self._pause:
            time.sleep(min(max(0.0, self._next - time.monotonic()), self._time_left()))
            self._next = time.monotonic() + self._pause
        self.sent += 1

    def _time_left(self) -> float:
        return math.inf if self.until is None else self.until - time.monotonic()

    def _wait_retry_after(self, headers: httpx.Headers) -> None:
        try:
            wait = max(0.0, float(headers.get("retry-after", "1")))
        except ValueError:  # an HTTP date: the two clocks may differ, so wait a second and try again
            wait = 1.0
        if wait > MAX_WAIT or wait > self._time_left():
            raise NoResponse(
                f"429 (too many requests), and the target asks for a wait of {wait:g} s, which is too long"
            )
        time.sleep(wait)

    def _answer(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> RawResponse:
        try:
            return self._exchange(method, url, headers, content)
        except Interrupted:
            if method not in SAFE_METHODS:
                raise
            self._wait_for_rate()
            return self._exchange(method, url, headers, content)

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> RawResponse:
        where = f"{method} {self.secrets.hide(url)}"
        seconds = min(self._seconds, max(0.05, self._time_left()))
        end = time.monotonic() + seconds
        try:
            with (
                self._deadline.within(seconds + GRACE, self._connection.socket),
                self._client.stream(
                    method,
                    url,
                    headers=headers,
                    content=content,
                    timeout=seconds,
                    extensions={"trace": self._connection.trace},
                ) as answer,
            ):
                read = bytearray()
                for chunk in answer.iter_bytes():
                    read += chunk
                    if len(read) > self._max_bytes:
                        raise NoResponse(f"{where}: the body does not end within {self._max_bytes:,} bytes")
                    if time.monotonic() > end:
                        self._raise_if_late()
                        raise Interrupted(f"{where}: the body does not end within {self._seconds:g} s")
                return answer.status_code, answer.headers, bytes(read)
        except httpx.TimeoutException:
            self._raise_late(where)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            if self._deadline.was_missed:
                self._raise_late(where)
            interrupted = isinstance(error, (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError))
            kind = Interrupted if interrupted else NoResponse
            raise kind(self.secrets.hide(f"{where}: {_cause_text(error)}")) from None

    def _raise_late(self, where: str) -> NoReturn:
        self._raise_if_late()
        raise Interrupted(f"{where}: no response within {self._seconds:g} s") from None

    def _raise_if_late(self) -> None:
        if self._time_left() <= 0:
            raise OutOfTime(TIME_USED_UP) from None


def request_key(method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> RequestKey:
    """The key that identifies a request."""
    return method, url, content or b"", tuple(sorted(headers.items()))


_BYTES = re.compile(r"bytearray\(b(['\"])(.*?)\1\)")


def _httpx_client(target: Target, seconds: float) -> httpx.Client:
    """A client with one connection. Raises ``NoResponse`` if the environment's proxies or certificates cannot be used."""
    try:
        return httpx.Client(
            transport=target.transport,
            timeout=httpx.Timeout(seconds),
            limits=httpx.Limits(max_connections=1),
            # Proxy variables are for other hosts: not for an application in this process or on this machine.
            trust_env=target.transport is None and not is_loopback(target.url),
            headers={"User-Agent": "counterfoil-check", "Accept-Encoding": "identity"},
        )
    except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
        raise NoResponse(f"the proxy or certificate variables of the environment: {_cause_text(error)}") from None


def _cause_text(error: Exception) -> str:
    """The cause of an error as a short text."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {getattr(cause, 'verify_message', None) or cause.reason or cause}"
        cause = cause.__cause__ or cause.__context__
    text = " ".join(_BYTES.sub(r"\2", str(error)).split()) or type(error).__name__
    kind = "cannot be reached" if isinstance(error, httpx.ConnectError) else "the connection failed"
    if "CERTIFICATE" in text or "SSL" in text or "TLS" in text:
        kind = "TLS failed"
    return f"{kind}: {text[:200]}"


def _text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _plain(value: Any) -> Any:
    """Decimals are sent as they were received: an integer when whole, else the shortest equal float."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
