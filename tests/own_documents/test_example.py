"""The how-to page prints the example's files, and they run."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from counterfoil.cli import main

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "own-api"
PAGE = (ROOT / "docs" / "how-to" / "serve-your-own-document.md").read_text(encoding="utf-8")


def test_the_page_and_the_example_agree(tmp_path: Path) -> None:
    commands = re.findall(r"^counterfoil (infer .*?)(?:  +#.*)?$", PAGE, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        arguments = command.replace("shop.yaml", str(EXAMPLE / "shop.yaml"), 1).replace("'", "").split()
        arguments = [str(tmp_path / each) if each == "shop.model.yaml" else each for each in arguments]
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
    handlers = (EXAMPLE / "shop_handlers.py").read_text(encoding="utf-8")
    assert '@handler("POST /invoices/{invoice}/pay")' in PAGE
    assert '@handler("POST /invoices/{invoice}/pay")' in handlers
    model = (EXAMPLE / "shop.model.yaml").read_text(encoding="utf-8")
    assert "POST /invoices/{invoice}/void: {set: {status: void}, when: [open]}" in model
    assert "POST /invoices/{invoice}/void: {set: {status: void}, when: [open]}" in PAGE


def test_the_bounds_on_the_page_are_those_of_the_code() -> None:
    from counterfoil.world import resources

    assert f"{resources.MAX_WRITTEN:,} written resources and {resources.MAX_WRITTEN_BYTES // 2**20} MiB" in PAGE
    assert f"{resources.MAX_IN_GROUP:,} resources below one parent" in PAGE
