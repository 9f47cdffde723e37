"""Makes a stateful API from any OpenAPI document.

``infer`` infers what the document's operations do; ``build_api`` makes the API. A user's own handlers can replace operations.
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

    ``model`` is a file with corrections of the inferred model; ``handlers`` a Python file with the user's own handlers; ``rows``
    the initial number of members in each collection; ``seed`` changes all generated data, in addition to the world's seed.
    ``prefix`` is the path that the API is served at (default: the document's name, and the path of its first server).
    ``summarize`` tries each operation once, for the summary at start. Raises ``ModelError`` or ``HandlersError``.
    """
    document = Document(spec, infer(spec, model))
    generated = GeneratedRows(document, min(rows, MAX_ROWS), seed)
    operation_handlers = Handlers(document, generated, spec.name)
    routes: dict[str, Any] = {name: operation_handlers.handler(name) for name in spec.operations}
    time_limits: dict[str, float] = {}
    if handlers is not None:
        own = load_handlers(handlers, operation_handlers)
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
        store=partial(Store, operation_handlers),
        resources=Browser(operation_handlers),
        time_limits=time_limits,
    )


def _any_caller(headers: Mapping[str, str], world: World) -> Principal:
    return Principal("caller")


__all__ = ["MAX_ROWS", "HandlersError", "Model", "ModelError", "build_api", "infer"]
