"""A request as data, and as the bytes that HTTP/1.1 sends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

KEY = "counterfoil-key"
BEARER = (("Authorization", f"Bearer {KEY}"),)


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request. ``path`` holds the query; ``body`` is text, sent as JSON unless ``headers`` say otherwise."""

    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = BEARER
    body: str = ""

    def raw(self, host: str) -> bytes:
        """The request as HTTP/1.1 sends it."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        payload = self.body.encode()
        if payload:
            if not any(name.lower() == "content-type" for name, _ in self.headers):
                lines.append("Content-Type: application/json")
            lines.append(f"Content-Length: {len(payload)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + payload


def posted(path: str, body: Any, headers: tuple[tuple[str, str], ...] = BEARER) -> Call:
    """A POST of JSON."""
    return Call(path, "POST", (*headers, ("Content-Type", "application/json")), json.dumps(body))
