"""A verdict as JUnit XML: one suite for each API, one test case for each operation and law or check."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from counterfoil import __version__
from counterfoil.contract.reports.words import as_text
from counterfoil.contract.texts import printable
from counterfoil.contract.verdict import ACCEPTED, FAILED, PASSED, QUESTION, UNTRIED, Record, Verdict


def to_junit(verdict: Verdict) -> str:
    """The XML document."""
    root = Xml.Element("testsuites", name="counterfoil check", time=f"{verdict.seconds:.3f}")
    properties = Xml.SubElement(root, "properties")
    about = {
        "verdict": verdict.summary_line,
        "started": verdict.started,
        "version": __version__,
        "command": verdict.command,
        "seed": str(verdict.seed),
        **verdict.targets,
    }
    for name, value in about.items():
        Xml.SubElement(properties, "property", name=printable(name), value=printable(value))
    for api in verdict.apis:
        _suite(root, verdict, api)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _suite(root: Xml.Element, verdict: Verdict, api: str) -> None:
    records = [record for record in verdict.records if record.api == api]
    errors = [error for error in verdict.errors if error.api == api]
    suite = Xml.SubElement(
        root,
        "testsuite",
        name=api,
        tests=str(len(records) + len(errors)),
        failures=str(sum(record.status == FAILED for record in records)),
        errors=str(len(errors)),
        skipped=str(sum(record.status in (ACCEPTED, QUESTION, *UNTRIED) for record in records)),
    )
    for record in records:
        _case(suite, record)
    for error in errors:
        case = Xml.SubElement(suite, "testcase", classname=f"{api}.run", name="could be run")
        Xml.SubElement(case, "error", message=printable(error.message))
    left = [path for path in verdict.left_behind if path.startswith(f"{api}: ")]
    if left:
        Xml.SubElement(suite, "system-out").text = printable("\n".join(["left behind:", *left]))


def _case(suite: Xml.Element, record: Record) -> None:
    case = Xml.SubElement(
        suite,
        "testcase",
        classname=printable(f"{record.api}.{record.operation}"),
        name=printable(record.id),
        time=f"{record.seconds:.3f}",
    )
    if record.status == FAILED:
        first = record.findings[0]
        message = printable(f"expected {first.expected}; got {first.got}")[:1000]
        failure = Xml.SubElement(case, "failure", message=message)
        failure.text = printable("\n\n".join(as_text(finding) for finding in record.findings))
    elif record.status != PASSED:
        Xml.SubElement(case, "skipped", message=printable(f"{record.status}: {record.reason}"))
