"""The outermost ``send`` of a request to an API: records the response in the context, and applies response faults."""

from __future__ import annotations

from counterfoil.asgi import Message, Receive, Send
from counterfoil.server.context import RequestContext


class ResponseWriter:
    """Provides the ``send`` of all inner layers, and so also sees the errors that connexion renders."""

    __slots__ = ("_context", "_receive", "_send")

    def __init__(self, context: RequestContext, send: Send, receive: Receive) -> None:
        self._context = context
        self._send = send
        self._receive = receive

    async def send(self, message: Message) -> None:
        context = self._context
        if message["type"] == "http.response.start":
            headers = context.response_headers = message["headers"]
            context.status = message["status"]
            if context.response_fault is not None:
                for name, value in context.response_fault.headers(context.status):
                    headers.append((name.encode("ascii"), value.encode("ascii")))
            await self._send(message)
            return
        payload: bytes = message.get("body", b"")
        if context.method == "HEAD":
            payload = message["body"] = b""
        if context.response_fault is not None and payload:
            await context.response_fault.send(context, payload, self._send, self._receive)
            return
        context.payload = payload
        context.finish(context)
        await self._send(message)
