"""The world of a sandbox: its name, the application it is served by, and a check of the names of APIs and operations."""

from __future__ import annotations

from counterfoil.app import Application


class OneWorld:
    """A world of an application, by its ``name``."""

    def __init__(self, name: str, application: Application) -> None:
        self.name = name
        self.application = application

    def prefix(self, api: str | None) -> str:
        """The path below which an API is served. With a single API it can be omitted. Raises ``ValueError``."""
        if api is None and len(self.application.apis) == 1:
            return self.application.apis[0].prefix
        self.check_operation(api or "", None)
        return next(each.prefix for each in self.application.apis if each.name == api)

    def check_operation(self, api: str | None, operation: str | None) -> None:
        """Raises ``ValueError`` that lists what there is, for an API that is not served or an operation it does not have."""
        served = self.application.server.served
        if api is not None and api not in served:
            raise ValueError(f"'{api}' is not served here; there are: {', '.join(served)}")
        if operation is None:
            return
        known = [name for each, (_, spec) in served.items() if api in (None, each) for name in spec.operations]
        if operation not in known:
            where = "no API" if api is None else api
            has = "has an operation" if api is None else "has no operation"
            raise ValueError(f"{where} {has} '{operation}'; there are: {', '.join(known)}")
