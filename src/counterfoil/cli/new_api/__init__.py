"""``counterfoil new-api``: writes the files of a new API as a separate package, which counterfoil finds once it is installed."""

from __future__ import annotations

import re
from pathlib import Path

import click

from counterfoil.cli.common import echo, refuse
from counterfoil.plain_text import counted

TEMPLATE = Path(__file__).parent / "template"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@click.command("new-api")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
def new_api(name: str, folder: Path | None) -> None:
    """Write the files of a new API NAME into FOLDER (by default a new folder of that name).

    They are a Python package with an entry point, one operation, its OpenAPI document, clauses and laws.

    \b
    Example:
      counterfoil new-api acme-billing && pip install ./acme-billing && counterfoil check acme-billing
    """
    if not NAME.fullmatch(name):
        refuse(ValueError(f"'{name}' is not a name for an API: use lower-case letters, digits and single hyphens"))
    target = folder or Path(name)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        refuse(ValueError(f"{target} exists already and is not empty; name another folder"))
    written = write_files(name, target)
    echo(f"{counted(len(written), 'file')} written to {target}; install it with: pip install {target}")


def write_files(name: str, target: Path) -> list[Path]:
    """Write the template for an API of that name into ``target``; returns the files. Raises ``OSError``."""
    module = name.replace("-", "_")
    written = []
    for source in sorted(path for path in TEMPLATE.rglob("*.txt") if path.is_file()):
        relative = (
            str(source.relative_to(TEMPLATE)).removesuffix(".txt").replace("MODULE", module).replace("NAME", name)
        )
        path = target / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8").replace("{{name}}", name).replace("{{module}}", module)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
