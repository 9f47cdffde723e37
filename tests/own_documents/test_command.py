"""``counterfoil serve --spec``: one clear line for every mistake, and for each part of a document that was not understood."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from click.testing import CliRunner

from counterfoil.cli import main

from .conftest import DOCUMENTS

LIBRARY, CROOKED = str(DOCUMENTS / "library.yaml"), str(DOCUMENTS / "crooked.yaml")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--spec", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--spec", "https://api.example/openapi.yaml"], "a document is read from a file, and nothing is fetched"),
        (["--spec", "shop=https://api.example/openapi.yaml"], "nothing is fetched"),
        (["--spec", str(DOCUMENTS / "bakery" / "common.yaml")], "not an OpenAPI document"),
        (["--spec", str(DOCUMENTS)], "is not a file"),
        (["--spec", f"Shop={LIBRARY}"], "a name of lower case letters"),
        (["--spec", f"={LIBRARY}"], "a name of lower case letters"),
        (["--spec", LIBRARY, "--spec", LIBRARY], "two documents are called 'library'"),
        (["--spec", LIBRARY, "--spec", CROOKED, "--model", "m.yaml"], "name its document: --model NAME=m.yaml"),
        (["--spec", LIBRARY, "--model", "shop=m.yaml"], "there is no --spec 'shop'; there are: library"),
        (["--model", "m.yaml"], "needs the document it is for"),
        (["--handlers", "h.py"], "needs the document it is for"),
        (["--spec", LIBRARY, "--rows", "-1"], "--rows: -1 is not a whole number from 0 to 10000"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_two(arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(main, ["serve", "--port", "0", *arguments])
    assert done.exit_code == 2, done.output
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


@contextmanager
def serving(count: int, *arguments: str) -> Iterator[tuple[dict[str, str], subprocess.Popen[str]]]:
    """The base URLs of ``count`` APIs that the command prints, by name."""
    command = [sys.executable, "-m", "counterfoil", "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield dict(process.stdout.readline().split() for _ in range(count)), process
        finally:
            process.terminate()
            process.communicate(timeout=60)


def test_documents_are_served_beside_each_other_and_beside_a_vendor() -> None:
    pytest.importorskip("counterfoil.apis.generic")
    with serving(3, "elevate", "--spec", f"shop={LIBRARY}", "--spec", CROOKED) as (urls, _):
        paths = {name: urlsplit(url).path for name, url in urls.items()}
        assert paths == {"elevate": "/elevate/v1", "shop": "/shop/v1", "crooked": "/crooked/v1"}
        with urllib.request.urlopen(f"{urls['shop']}/pets?reader=ada", timeout=60) as response:
            assert isinstance(json.load(response), dict)
        with urllib.request.urlopen(urljoin(urls["shop"], "/docs/shop/openapi.json"), timeout=60) as response:
            assert json.load(response)["info"]["title"] == "Library"


def test_what_could_not_be_understood_is_counted_and_listed_when_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("counterfoil.apis.generic")
    path = shutil.copy(CROOKED, tmp_path / "crooked.yaml")
    for more, listed in ((), 0), (("--notices",), 31):
        with serving(1, "--spec", str(path), *more) as (urls, process):
            assert list(urls) == ["crooked"]
            assert process.stderr is not None
            said = ""
            while "could not be understood" not in said:
                said = process.stderr.readline()
                assert said, "the command ended"
            assert said.startswith("crooked: 31 places of ")
            lines = [process.stderr.readline() for _ in range(listed)]
            assert all(re.match(rf"  {re.escape(str(path))}:\d+: \S", line) for line in lines), lines
    inferred = CliRunner().invoke(main, ["infer", str(path)])
    assert inferred.stderr == f"31 places of {path} could not be understood; serve --spec {path} -v lists them\n"
