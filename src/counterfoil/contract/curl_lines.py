"""Writes requests as curl lines that work when they are pasted into a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping

MAX_SHOWN_BYTES = 2000
"""Bytes of a body that are shown; the rest is left out."""


def curl_line(
    method: str,
    url: str,
    headers: Mapping[str, str],
    content: bytes | None,
    *,
    usual_accept: str,
    hide: Callable[[str], str],
) -> str:
    """One request as a curl line, without the usual ``Accept`` header. ``hide`` replaces credentials by placeholders that the
    shell expands."""

    def word(text: str) -> str:
        return shell_word(hide(text))

    parts = ["curl -sS" + ("" if method == "GET" else " -I" if method == "HEAD" else f" -X {method}")]
    shown = {name: value for name, value in headers.items() if (name, value) != ("Accept", usual_accept)}
    parts += [f"-H {word(f'{name}: {value}')}" for name, value in shown.items()]
    if content is not None:
        parts.append(f"--data-binary {word(content[:MAX_SHOWN_BYTES].decode('utf-8', 'replace'))}")
    return " ".join([*parts, word(url)])


def shell_word(text: str) -> str:
    """One shell word; in double quotes if it has a placeholder such as ``$COUNTERFOIL_TOKEN``, so that the shell expands it."""
    if "$COUNTERFOIL_" not in text:
        return shlex.quote(text)
    escaped = re.sub(r'([\\"`]|\$(?!COUNTERFOIL_))', r"\\\1", text)
    return f'"{escaped}"'
