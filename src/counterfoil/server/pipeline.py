"""Builds the middleware stack of one API.

From the outside in: connexion's ExceptionMiddleware renders errors, its RoutingMiddleware finds the operation, its
SecurityMiddleware checks the credential, its RequestValidationMiddleware and ResponseValidationMiddleware validate against
the spec, and the handler responds. Compiled validators, a security handler and error handlers are passed to connexion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from counterfoil.api import API, ApiError
from counterfoil.asgi import ASGIApp
from counterfoil.json_schema.validators import schemas_of
from counterfoil.openapi import Spec, SpecError
from counterfoil.server.context import Interceptor, Policy
from counterfoil.server.errors import ErrorHandlers
from counterfoil.server.handlers import HandlerApp
from counterfoil.server.request_validation import RequestValidation
from counterfoil.server.response_validation import ResponseSpecError, ResponseSpecs, ResponseValidation
from counterfoil.server.routing import RoutedRequests, RouteTable, prepare_spec
from counterfoil.server.security import Security, security_map
from counterfoil.server.shared_handlers import SharedHandlerApp
from counterfoil.server.workarounds import (
    Connexion,
    ExceptionMiddleware,
    NamedOperations,
    ProblemException,
    Routing,
    build_now,
)

if TYPE_CHECKING:
    from counterfoil.world.world import World


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """``request_policy`` and ``response_policy`` say what happens to violations of the spec; with ``validate_responses`` False
    responses are not validated. ``interceptors`` are called in order before the handler. ``reads_in_thread`` returns whether
    reading a world may take so long that it needs a thread. ``is_shared``: other processes change the same worlds."""

    request_policy: Policy = "enforce"
    response_policy: Policy = "enforce"
    validate_responses: bool = True
    interceptors: Sequence[Interceptor] = ()
    reads_in_thread: Callable[[World], bool] = lambda world: False
    is_shared: bool = False


def build_pipeline(api: API, spec: Spec, options: PipelineOptions, executor: Executor) -> ASGIApp:
    """The ASGI application that serves one API. It expects a ``RequestContext`` in the scope.

    Raises ``SpecError`` for a spec that cannot be served, or a route that the spec does not have.
    """
    unknown = sorted(set(api.routes) - set(spec.operations))
    if unknown:
        raise SpecError(f"{spec.source}: the API {api.name} has routes its spec does not: {', '.join(unknown)}")
    try:
        return _build(api, spec, options, executor)
    except SpecError as error:
        raise SpecError(f"{spec.source}: {error}") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SpecError(
            f"{spec.source}: cannot be served ({type(error).__name__}: {error}); check it with `counterfoil specs lint`"
        ) from error


def _build(api: API, spec: Spec, options: PipelineOptions, executor: Executor) -> ASGIApp:
    schemas = schemas_of(spec)
    response_specs: dict[str, ResponseSpecs] = {}
    table = RouteTable(api, spec, schemas)
    routed = partial(RoutedRequests, table=table)
    handler_app = SharedHandlerApp if options.is_shared else HandlerApp
    app = Connexion(
        handler_app(api, options.interceptors, executor, options.reads_in_thread),
        import_name="counterfoil",
        middlewares=[ExceptionMiddleware, Routing, routed, Security, RequestValidation, ResponseValidation],
        resolver=NamedOperations(),
        security_map=security_map(api, spec),
        validate_responses=options.validate_responses,
    )
    handlers = ErrorHandlers(api, response_specs, table)
    app.add_error_handler(ApiError, handlers.api_error)
    app.add_error_handler(ResponseSpecError, handlers.invalid_response)
    app.add_error_handler(HTTPException, handlers.http_exception)
    app.add_error_handler(ProblemException, handlers.http_exception)
    app.add_error_handler(Exception, handlers.unexpected)
    app.add_api(
        prepare_spec(spec),
        api=api,
        schemas=schemas,
        response_specs=response_specs,
        request_policy=options.request_policy,
        response_policy=options.response_policy,
    )
    build_now(app)
    if not spec.is_lenient:  # a user's document is compiled on first use
        schemas.compile()
    return app
