"""Makes an API from any OpenAPI document: a stand-in that keeps what it is sent.

``infer`` says what the document's operations do; ``build_api`` makes the API that does it.
A user's own handlers replace what is inferred where that is not enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from counterfoil.api import API, Principal
from counterfoil.apis.generic.browsing import Browser
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.errors import Errors
from counterfoil.apis.generic.handlers.dispatch import Handlers
from counterfoil.apis.generic.inference.infer import infer as infer
from counterfoil.apis.generic.model import Model as Model
from counterfoil.apis.generic.model_file import ModelError as ModelError
from counterfoil.apis.generic.rows import GeneratedRows
from counterfoil.apis.generic.survey import survey_of
from counterfoil.apis.generic.user_handlers import HandlersError as HandlersError
from counterfoil.apis.generic.user_handlers import Store, handler_seconds, load_handlers
from counterfoil.openapi import Spec

if TYPE_CHECKING:
    from counterfoil.world.world import World

MAX_ROWS = 10_000


def build_api(
    spec: Spec,
    *,
    model: Path | None = None,
    handlers: Path | None = None,
    rows: int = 25,
    seed: int = 0,
    prefix: str | None = None,
    summarize: bool = False,
) -> API:
    """The API of a document.

    ``model`` is a file that corrects what is inferred; ``handlers`` a Python file of the user's own; ``rows`` how many members a
    collection has before anything is written; ``seed`` changes all made data, beside the world's own seed. ``prefix`` is the path
    it is served at (default: the document's name, and the path of its first server). ``summarize``
    tries each operation once, so that the API can say at start how it is answered. Raises ``ModelError`` or ``HandlersError``.
    """
    document = Document(spec, infer(spec, model))
    generated = GeneratedRows(document, min(rows, MAX_ROWS), seed)
    answering = Handlers(document, generated, spec.name)
    routes: dict[str, Any] = {name: answering.handler(name) for name in spec.operations}
    time_limits: dict[str, float] = {}
    if handlers is not None:
        own = load_handlers(handlers, answering)
        routes |= own
        time_limits = dict.fromkeys(own, handler_seconds())
    info = spec.raw.get("info")
    title = info.get("title") if isinstance(info, dict) else None
    return API(
        name=spec.name,
        title=str(title or spec.name),
        prefix=prefix or f"/{spec.name}{spec.base_path}",
        routes=routes,
        authenticate=_any_caller,
        error=Errors(document).render,
        spec=spec,
        any_credential=True,
        summary=str(survey_of(document)) if summarize else "",
        store=partial(Store, answering),
        resources=Browser(answering),
        time_limits=time_limits,
    )


def _any_caller(headers: Mapping[str, str], world: World) -> Principal:
    return Principal("caller")


__all__ = ["MAX_ROWS", "HandlersError", "Model", "ModelError", "build_api", "infer"]
