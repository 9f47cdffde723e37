"""``counterfoil infer``: shows what is inferred from a user's own OpenAPI document, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from counterfoil.cli.common import echo, exit_on_user_error, print_json, refuse
from counterfoil.plain_text import counted

if TYPE_CHECKING:
    from counterfoil.apis.generic.model import Decision, Model
    from counterfoil.openapi import Spec


@click.command()
@click.argument("file", type=click.Path(), metavar="FILE")
@click.option(
    "--why", metavar="PATH", help="Explain the decisions about a path or an operation, such as '/customers/{id}'."
)
@click.option("--model", type=click.Path(), help="A model file that corrects what is inferred.")
@click.option("--write", "target", type=click.Path(), help="Write the model as YAML, to edit and pass to --model.")
@click.option("--json", "as_json", is_flag=True, help="Print the model, and each decision with its reason, as JSON.")
def infer(file: str, why: str | None, model: str | None, target: str | None, as_json: bool) -> None:
    """Show what `serve --spec FILE` infers from an OpenAPI document: collections, and what each operation does.

    \b
    Example:
      counterfoil infer shop.yaml --why '/orders/{id}'
      counterfoil infer shop.yaml --write shop.model.yaml
    """
    spec, inferred = exit_on_user_error(lambda: _inferred(file, Path(model) if model else None))
    if target is not None:
        from counterfoil.apis.generic import model_file

        try:
            Path(target).write_text(model_file.write(inferred), encoding="utf-8")
        except OSError as error:
            refuse(ValueError(f"{target}: cannot be written: {error.strerror or error}"))
    if as_json:
        from counterfoil.apis.generic.model_file import to_json

        print_json(to_json(inferred))
    elif why is not None:
        _explain(inferred, why)
    elif target is None:
        _summarize(spec, inferred)
    else:
        echo(
            f"{target}: {counted(len(inferred.collections), 'collection')}, {counted(len(inferred.operations), 'operation')}"
        )


def _inferred(file: str, model: Path | None) -> tuple[Spec, Model]:
    from counterfoil.apis.generic import infer as infer_model
    from counterfoil.cli.own_documents import refuse_url
    from counterfoil.openapi import read_document

    refuse_url(file)
    spec = read_document(Path(file))
    return spec, infer_model(spec, model)


def _explain(model: Model, subject: str) -> None:
    decisions = model.why(subject)
    if not decisions:
        shown = ", ".join(sorted(model.collections))[:400]
        refuse(ValueError(f"nothing was decided about '{subject}'; collections: {shown or 'none'}"))
    before = None
    for decision in decisions:
        if decision.subject != before:
            echo(decision.subject)
            before = decision.subject
        echo(_line(decision))


def _line(decision: Decision) -> str:
    return f"  {decision.confidence:.2f}  {decision.value}\n        {decision.reason}"


def _summarize(spec: Spec, model: Model) -> None:
    from counterfoil.apis.generic.document import Document
    from counterfoil.apis.generic.survey import survey_of

    for path, collection in model.collections.items():
        identity = ".".join(map(str, collection.id)) or "only one"
        echo(f"{path}  ({identity})")
        for operation in model.operations.values():
            if operation.collection == path:
                echo(f"    {operation.role:<15} {operation.name}")
    made_up = [name for name, operation in model.operations.items() if operation.role == "made_up"]
    if made_up:
        echo("made up: the same answer each time, from the document alone")
        for name in made_up:
            echo(f"    {name}")
    surveyed = survey_of(Document(spec, model))
    for name, reason in surveyed.impossible:
        echo(f"501 {name}: {reason}")
    echo(str(surveyed))
    if spec.notices:
        places = counted(len(spec.notices), "place")
        echo(f"{places} of {spec.source} could not be understood; serve --spec {spec.source} -v lists them", err=True)
