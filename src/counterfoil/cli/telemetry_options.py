"""The options of ``serve`` for telemetry: ``--metrics`` and ``--otlp``."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from counterfoil.cli.common import refuse

if TYPE_CHECKING:
    from counterfoil.metrics.traces import Traces

_COMMAND = Callable[..., Any]


def options(command: _COMMAND) -> _COMMAND:
    """Adds ``--metrics`` and ``--otlp``."""
    for add in reversed(_OPTIONS):
        command = add(command)
    return command


def _address(_: click.Context, __: click.Parameter, given: str | None) -> str | None:
    if given is None:
        return None
    try:
        parts = urlsplit(given)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        fits = fits and not (parts.query or parts.fragment or parts.username is not None)
    except ValueError:
        fits = False
    if not fits or not (given.isascii() and given.isprintable()) or " " in given:
        raise click.BadParameter(
            f"'{given}' is not a collector's address such as http://127.0.0.1:4318: give scheme, host, port and path only"
        )
    return given


_OPTIONS = [
    click.option(
        "--metrics", is_flag=True, help="Serve Prometheus metrics at /metrics, to clients that may use the control API."
    ),
    click.option(
        "--otlp",
        metavar="URL",
        callback=_address,
        help="Export a span for each request to the OpenTelemetry collector at this address, over OTLP/HTTP.",
    ),
]


def traces(url: str | None) -> Traces | None:
    """An exporter of spans to that address; None without one. Exits with one line if the extra is not installed."""
    if url is None:
        return None
    try:
        from counterfoil.metrics.traces import Traces, otlp_over_http

        import_module("opentelemetry.exporter.otlp.proto.http")
    except ModuleNotFoundError as missing:
        if not (missing.name or "").startswith("opentelemetry"):
            raise
        refuse(
            ValueError(
                "the OpenTelemetry SDK is not installed; install the extra: pip install 'counterfoil[otel]', "
                "or '.[otel]' in a clone"
            )
        )
    return Traces(lambda: otlp_over_http(url))
