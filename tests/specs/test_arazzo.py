"""The included Arazzo documents are valid, and every step passes at the stand-in with Redocly's runner.

Redocly runs as in ``test_redocly``. It strips the charset from a response's media type and not from the spec's, so that
``application/json;charset=utf-8`` never fits: its content-type check warns only, and only about Oracle's lists.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.specs.test_redocly import CONFIG, REDOCLY
from tests.specs.tools import ROOT, npx

from counterfoil.app import Application, build
from counterfoil.catalog import api_names
from counterfoil.lookup import own_api
from counterfoil.serving import listen, origin_of, serve_in_thread

ONE_MONTH = ROOT / "fixtures" / "workflows" / "one-month.arazzo.yaml"
SHOP = ROOT / "examples" / "own-api" / "shop.arazzo.yaml"


@contextmanager
def served(application: Application) -> Iterator[dict[str, str]]:
    """The address of each API, and of the control API."""
    listener = listen("127.0.0.1", 0)
    origin = origin_of(listener)
    stop = serve_in_thread(application.asgi_app, listener)
    try:
        yield {"control": f"{origin}/_sandbox/v1", **{each.name: origin + each.prefix for each in application.apis}}
    finally:
        stop()


def respect(*workflows: Path, servers: dict[str, str], folder: Path) -> tuple[int, dict[str, list[Any]]]:
    """The runner's exit code, and the steps that it ran by file."""
    result = folder / "result.json"
    options = [word for name, url in servers.items() for word in ("--server", f"{name}={url}")]
    options += ["--severity", "CONTENT_TYPE_CHECK=warn", "--json-output", str(result)]
    done = npx("redocly", "respect", *workflows, *options, packages=(REDOCLY,))
    assert result.exists(), done.stdout + done.stderr
    files = json.loads(result.read_text(encoding="utf-8"))["files"]
    return done.returncode, {
        Path(name).name: [step for each in file["executedWorkflows"] for step in each["executedSteps"]]
        for name, file in files.items()
    }


def failed(steps: list[Any], severity: str) -> list[tuple[str, str]]:
    """The checks that failed, by step."""
    return [
        (step["stepId"], check["name"])
        for step in steps
        for check in step["checks"]
        if not check["passed"] and check["severity"] == severity
    ]


def test_the_documents_are_valid() -> None:
    lint = npx("redocly", "lint", "--config", CONFIG, ONE_MONTH, SHOP, packages=(REDOCLY,))
    assert lint.returncode == 0, lint.stdout + lint.stderr


def test_they_run_as_they_say_and_again_and_a_wrong_sum_would_be_found(tmp_path: Path) -> None:
    folder = SHOP.parent
    model, handlers = folder / "shop.model.yaml", folder / "shop_handlers.py"
    shop = own_api(folder / "shop.yaml", "shop", model=model, handlers=handlers, rows=25, seed=0)
    of_oracle = {"bill-in-progress", "bill-is-new", "bill-is-partly-paid", "bill-is-settled"}
    wrong = tmp_path / "examples" / "own-api" / "wrong.yaml"
    shutil.copytree(folder, wrong.parent)
    shutil.copytree(ROOT / "specs" / "control", tmp_path / "specs" / "control")
    wrong.write_text(SHOP.read_text(encoding="utf-8").replace("total == 770", "total == 771"), encoding="utf-8")

    with served(build(api_names(), own=(shop,), scenario_name="one-month")) as servers:
        code, ran = respect(ONE_MONTH, SHOP, servers=servers, folder=tmp_path)
        assert [(name, len(steps)) for name, steps in ran.items()] == [(ONE_MONTH.name, 29), (SHOP.name, 8)]
        assert [failed(steps, "error") for steps in ran.values()] == [[], []]
        assert {step for step, _ in failed(ran[ONE_MONTH.name], "warn")} == of_oracle
        assert (code, failed(ran[SHOP.name], "warn")) == (0, [])

        code, ran = respect(ONE_MONTH, wrong, servers=servers, folder=tmp_path)  # the first step begins again
        assert (code, failed(ran[ONE_MONTH.name], "error")) == (1, [])
        assert failed(ran[wrong.name], "error")[0][0] == "write-an-invoice"
