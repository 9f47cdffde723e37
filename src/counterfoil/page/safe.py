"""The headers that keep a browser from doing with the page what the page does not mean. It knows no routes."""

from __future__ import annotations

from counterfoil.page.asgi import ASGI, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        # no string becomes markup or code, whatever a name in a world looks like: the browser refuses innerHTML as such
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS: dict[bytes, bytes] = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def with_headers(app: ASGI) -> ASGI:
    """``app`` with every header it did not set itself."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = list(message.get("headers", ()))
                names = {name.lower() for name, _ in sent}
                message = {**message, "headers": [*sent, *(pair for pair in HEADERS.items() if pair[0] not in names)]}
            await send(message)

        await app(scope, receive, adding)

    return guarded
