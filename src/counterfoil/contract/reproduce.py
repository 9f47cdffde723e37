"""Adds to findings the command that repeats them, and the clauses of the vendor's documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from counterfoil.contract.curl_lines import shell_word
from counterfoil.contract.evidence import with_evidence
from counterfoil.contract.target import with_placeholder
from counterfoil.contract.verdict import Finding, Record

if TYPE_CHECKING:
    from counterfoil.contract.check import CheckOptions


def complete(records: Sequence[Record], options: CheckOptions) -> list[Record]:
    """``records`` whose findings have their ``reproduce`` command and the ``sentences`` of their clauses."""
    return [
        replace(record, findings=tuple(_complete(finding, options) for finding in record.findings))
        for record in records
    ]


def _complete(finding: Finding, options: CheckOptions) -> Finding:
    only = finding.id if finding.part in ("law", "conformance") else None
    return replace(with_evidence(finding), reproduce=repeat_command(finding.api, only, options) if only else "")


def repeat_command(api: str, only: str, options: CheckOptions) -> str:
    """The command that checks only this again, at the same target and with the same options."""
    named = options.own_options.get(api, (api,))
    words = ["counterfoil", "check", *named, "--only", only, "--seed", str(options.seed)]
    if api in options.urls:
        words += ["--url", f"{api}={options.urls[api]}"]
        for header in options.headers:
            words += ["--header", with_placeholder(header)]
    for text in options.known:
        words += ["--known", text] if text.startswith(f"{api}.") else []
    for text in options.switches:
        words += ["--switch", text] if text.startswith(f"{api}.") else []
    words += ["--writes"] * options.writes + ["--fast"] * options.fast
    words += ["--max-examples", str(options.max_examples)] if options.max_examples else []
    words += ["--rate", f"{options.rate:g}"] if options.rate else []
    return " ".join(shell_word(word) for word in words)


def command_of(options: CheckOptions) -> str:
    """The command that was run, without the values of headers."""
    own = (word for words in options.own_options.values() for word in words)
    words = ["counterfoil", "check", *options.apis, *own, "--seed", str(options.seed)]
    words += [word for api, url in options.urls.items() for word in ("--url", f"{api}={url}")]
    words += [word for header in options.headers for word in ("--header", with_placeholder(header))]
    for name, values in (("--known", options.known), ("--switch", options.switches), ("--only", options.only)):
        words += [word for value in values for word in (name, value)]
    flags = {"--writes": options.writes, "--fast": options.fast, "--strict": options.strict}
    words += [name for name, is_set in flags.items() if is_set]
    for name, value in {
        "--max-examples": options.max_examples,
        "--rate": options.rate,
        "--max-time": options.max_time,
    }.items():
        words += [name, f"{value:g}"] if value else []
    return " ".join(shell_word(word) for word in words)
