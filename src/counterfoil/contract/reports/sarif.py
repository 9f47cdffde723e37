"""A verdict as SARIF 2.1.0, the format that code scanning reads; each result points at the line of the spec it contradicts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from counterfoil import __version__
from counterfoil.contract.causes import cause_of
from counterfoil.contract.texts import printable
from counterfoil.contract.verdict import ACCEPTED, COULD_NOT_RUN, FAILED, Finding, Record, Verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def to_sarif(verdict: Verdict) -> dict[str, Any]:
    """The SARIF log of one check. What a baseline accepts is a suppressed result."""
    found = list(_found(verdict))
    rules = {finding.id: _rule(finding) for _, finding in found}
    positions = {id: position for position, id in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "counterfoil", "version": __version__, "rules": list(rules.values())}},
                "invocations": [_invocation(verdict)],
                "results": [_result(record, finding, positions) for record, finding in found],
                "columnKind": "unicodeCodePoints",
            }
        ],
    }


def _found(verdict: Verdict) -> Iterator[tuple[Record, Finding]]:
    for record in verdict.records:
        if record.status in (FAILED, ACCEPTED):
            for finding in record.findings:
                yield record, finding


def _rule(finding: Finding) -> dict[str, Any]:
    help_text = "\n".join([finding.says, *finding.sentences, *finding.statements])
    return {
        "id": printable(finding.id),
        "shortDescription": {"text": printable(finding.says)},
        "help": {"text": printable(help_text)},
        "properties": {"tags": [finding.api, finding.part, *([finding.family] if finding.family else [])]},
    }


def _result(record: Record, finding: Finding, positions: dict[str, int]) -> dict[str, Any]:
    message = [f"{finding.operation}: expected {finding.expected}; got {finding.got}"]
    message += [f"with {finding.case}"] * bool(finding.case) + list(finding.requests[-4:])
    message += [f"again: {finding.reproduce}"] * bool(finding.reproduce)
    mark = hashlib.sha256(f"{finding.api} {finding.id} {finding.operation}".encode("utf-8", "replace")).hexdigest()
    result: dict[str, Any] = {
        "ruleId": printable(finding.id),
        "ruleIndex": positions[finding.id],
        "level": "error",
        "message": {"text": printable("\n".join(message))},
        "locations": [_location(finding)],
        "partialFingerprints": {"counterfoil/v1": mark[:32]},
        "properties": {"cause": printable(cause_of(finding))},
    }
    if record.status == ACCEPTED:
        result["suppressions"] = [{"kind": "external", "justification": printable(record.reason)}]
    return result


def _location(finding: Finding) -> dict[str, Any]:
    file, _, line = finding.place.rpartition(":")
    physical = {
        "artifactLocation": {"uri": file or f"specs/{finding.api}/openapi.yaml"},
        "region": {"startLine": int(line) if file else 1},
    }
    return {"physicalLocation": physical, "message": {"text": printable(finding.operation)}}


def _invocation(verdict: Verdict) -> dict[str, Any]:
    notes = [("error", f"{error.api}: {error.message}") for error in verdict.errors]
    notes += [("warning", f"not tried: {record.id}: {record.reason}") for record in verdict.not_tried]
    invocation: dict[str, Any] = {
        "executionSuccessful": verdict.exit_code != COULD_NOT_RUN,
        "exitCode": verdict.exit_code,
        "exitCodeDescription": printable(verdict.summary_line),
        "commandLine": printable(verdict.command),
        "toolExecutionNotifications": [{"level": level, "message": {"text": printable(text)}} for level, text in notes],
        "properties": {"targets": verdict.targets, "seed": verdict.seed, "leftBehind": verdict.left_behind},
    }
    return invocation | ({"startTimeUtc": verdict.started.replace("+00:00", "Z")} if verdict.started else {})
