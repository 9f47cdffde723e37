"""Group findings by cause: one broken behaviour usually fails several laws and checks.

Findings belong together when they

* are about the same kind of behaviour of one operation (a law's family),
* got the same wrong status from one operation for a request that should have succeeded, or the same status of 500 or above,
* found that one operation's responses do not have the documented shape (by schema, or because a law could not read them),
* found the same defect in error bodies, or error bodies of another media type, at any operation,
* or expected and got the same at one operation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from counterfoil.contract.finding import ERROR_BODY, SHAPE, Finding

_ORDER = {"conformance": 1, "law": 0, "spec": 2, "baseline": 3}
_SHAPE_CHECKS = ("conformance.response_schema_conformance", "conformance.content_type_conformance")
_SHAPE_FAMILIES = (SHAPE, "enums")
_NUMBER = re.compile(r"\d+")
_WRONG_MEDIA_TYPE = re.compile(r"^[45]\d\d as \S+, not |^Undocumented Content-Type: .*\(answered [45]\d\d: ")
_STATUS = re.compile(r"(?:\(answered |^)(\d{3}): ")
_SUCCESS = re.compile(r"status 2\d\d")


def cause_of(finding: Finding) -> str:
    """The key by which a finding is grouped."""
    status = _STATUS.search(finding.got)
    if status and status[1] >= "500":
        return f"{finding.api} · status {status[1]}"
    if status and _SUCCESS.match(finding.expected):
        return f"{finding.api} · status {status[1]} · {finding.operation}"
    if _WRONG_MEDIA_TYPE.search(finding.got):
        return f"{finding.api} · media type of errors"
    if finding.expected == ERROR_BODY:
        return f"{finding.api} · error body · {_NUMBER.sub('n', finding.got.split(': ')[0])}"
    if finding.family in _SHAPE_FAMILIES or finding.id in _SHAPE_CHECKS:
        return f"{finding.api} · shape · {finding.operation}"
    at = f" · {finding.operation}" if finding.part == "law" else ""
    return f"{finding.api} · {finding.family or finding.id}{at}"


def causes(findings: Sequence[Finding]) -> list[list[Finding]]:
    """The findings by cause: causes that laws found first, then the largest. Each begins with its most direct finding."""
    groups: dict[str, list[Finding]] = {}
    same: dict[tuple[str, ...], str] = {}
    for finding in findings:
        key = (finding.api, finding.operation, finding.expected, finding.got)
        cause = same.setdefault(key, cause_of(finding))
        groups.setdefault(cause, []).append(finding)
    found = [sorted(group, key=_directness) for group in groups.values()]
    return sorted(found, key=lambda group: (_ORDER[group[0].part], -len(group), group[0].api, group[0].id))


def _directness(finding: Finding) -> tuple[object, ...]:
    """Sort key: a schema error says more about a wrong shape than a law that could not read it; then, fewer requests are
    better."""
    is_unreadable = finding.family == SHAPE and finding.part == "law"
    return (is_unreadable, _ORDER[finding.part], len(finding.requests), finding.id, finding.operation)


def title_of(group: Sequence[Finding]) -> str:
    """The title of a cause: its first finding, and the ids of the other laws and checks that found it."""
    first = group[0]
    others = [id for id in dict.fromkeys(f.id for f in group) if id != first.id]
    more = f", also found by {', '.join(others[:6])}{f' and {len(others) - 6} more' if len(others) > 6 else ''}"
    count = f" ({len(group)})" if len(group) > 1 else ""
    api = "" if first.id.startswith(f"{first.api}.") else f"{first.api} · "
    return f"{api}{first.id}{count}{more if others else ''}"
