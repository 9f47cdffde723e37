"""The world of a sandbox: its name, the application that serves it, and checks of API and operation names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from counterfoil.app import Application


class OneWorld:
    """A world of an application, by its ``name``."""

    def __init__(self, name: str, application: Application) -> None:
        self.name = name
        self.application = application

    def _prefix(self, api: str | None) -> str:
        """The path below which an API is served. With a single API it can be omitted. Raises ``ValueError``."""
        if api is None and len(self.application.apis) == 1:
            return self.application.apis[0].prefix
        self._check_operation(api or "", None)
        return next(served.prefix for served in self.application.apis if served.name == api)

    def _check_operation(self, api: str | None, operation: str | None, path: Iterable[str] = ()) -> None:
        """Raise ``ValueError`` that lists the valid names, for an API that is not served, an operation that it does not
        have, or a name in ``path`` that is not a path parameter of the operation."""
        served = self.application.server.served
        if api is not None and api not in served:
            raise ValueError(f"'{api}' is not served here; there are: {', '.join(served)}")
        if operation is None:
            return
        known = [name for key, (_, spec) in served.items() if api in (None, key) for name in spec.operations]
        if operation not in known:
            where = "no API has an" if api is None else f"{api} has no"
            raise ValueError(f"{where} operation '{operation}'; there are: {', '.join(known)}")
        parameters = re.findall(r"{([^{}]+)}", operation)
        for name in path:
            if name not in parameters:
                valid = ", ".join(parameters) or "none"
                raise ValueError(f"{operation} has no path parameter '{name}'; there are: {valid}")
