"""Write a verdict: on the terminal, as JSON, JUnit XML, HTML, SARIF, and as a GitHub step summary.

Credentials were removed from every text before; each module escapes texts for its format.
"""

from __future__ import annotations

import json
from pathlib import Path

from counterfoil.contract.reports.html import to_html
from counterfoil.contract.reports.junit import to_junit
from counterfoil.contract.reports.sarif import to_sarif
from counterfoil.contract.verdict import Verdict
from counterfoil.whole_files import write_all_whole


def write_report(verdict: Verdict, folder: Path) -> list[Path]:
    """Write JUnit XML, HTML, JSON and SARIF to ``folder``, which is made if missing: all of them whole, or none.

    Raises ``OSError``.
    """
    files = {
        "junit.xml": to_junit(verdict),
        "report.html": to_html(verdict),
        "report.json": json.dumps(verdict.as_json(), indent=1) + "\n",
        "report.sarif": json.dumps(to_sarif(verdict), indent=1) + "\n",
    }
    write_all_whole({folder / name: text.encode() for name, text in files.items()})
    return [folder / name for name in files]
