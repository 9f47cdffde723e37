"""The response headers that restrict what a browser does with the page."""

from __future__ import annotations

from counterfoil.asgi import Message, Send

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
        # the browser refuses innerHTML and similar: a customer's name cannot become markup or code
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
CONTENT_SECURITY_POLICY = (b"content-security-policy", POLICY.encode())
HEADERS: dict[bytes, bytes] = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def with_security_headers(send: Send, *, policy: bool) -> Send:
    """A ``send`` that adds those ``HEADERS`` that the response lacks; with ``policy`` also the content security policy."""
    headers = dict([*HEADERS.items(), CONTENT_SECURITY_POLICY] if policy else HEADERS)

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            sent = list(message.get("headers", ()))
            names = {name.lower() for name, _ in sent}
            message = {**message, "headers": [*sent, *(pair for pair in headers.items() if pair[0] not in names)]}
        await send(message)

    return send_with_headers
