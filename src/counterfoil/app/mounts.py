"""The control API and the page of an application, each built on its first request."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from counterfoil.api import API
from counterfoil.api.control_types import Faults
from counterfoil.asgi import CONTROL_PREFIX, ASGIApp, CheckAccess
from counterfoil.lazy_app import LazyApp
from counterfoil.ledger.errors import LedgerError
from counterfoil.server.app import Options, Server, build_server
from counterfoil.server.journal.store import JournalStore
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.worlds import DEFAULT, Worlds

if TYPE_CHECKING:
    from counterfoil.app.sharing import Sharing
    from counterfoil.control.page_data import PageData
    from counterfoil.control.world_service import WorldLimits
    from counterfoil.page.static_files import StaticFiles
    from counterfoil.processes.shared_journal import SharedJournal
    from counterfoil.server.context import Observer


@dataclass(frozen=True, slots=True)
class Mounts:
    """The control API and the page of one application.

    Both let in clients that pass ``check_access``: it requires ``token``, if there is one, and a name of ``hosts`` or
    loopback. In ``public`` mode the control API limits what visitors may do. ``closing`` ends the page's event streams.
    """

    worlds: Worlds
    apis: Sequence[API]
    faults: Faults
    journal: JournalStore | SharedJournal
    sharing: Sharing | None
    closing: Event
    token: str | None
    hosts: Sequence[str]
    public: bool
    check_access: CheckAccess
    observers: Sequence[Observer]

    def by_path(self) -> dict[str, ASGIApp]:
        control = LazyApp(self._control_api)
        return {CONTROL_PREFIX: control, "/": LazyApp(partial(self._page, control))}

    def _control_api(self) -> Server:
        from counterfoil.control.control_api import control

        api = control(
            self.worlds,
            token=self.token,
            apis=self.apis,
            faults=self.faults,
            journal=self.journal,
            hosts=self.hosts,
            bounds=_visitor_limits() if self.public else None,
            other_workers=None if self.sharing is None else self.sharing.siblings,
        )
        return build_server([api], self.worlds.get, options=Options(observers=self.observers))

    def _page(self, control: LazyApp) -> ASGIApp:
        """The page. Its script calls the control API, so that is built as soon as the page's document was sent."""
        from counterfoil.control.page_data import PageData
        from counterfoil.page.app import PageApp
        from counterfoil.page.events import EventStreams
        from counterfoil.page.static_files import StaticFiles

        reader = PageData(self.worlds, self.journal.version)
        files = StaticFiles()

        def prepare() -> None:
            control.get()
            with suppress(LedgerError, StoreUnavailable):  # the request for the world is answered with the error
                reader.prepare(DEFAULT)

        return PageApp(
            LazyApp(lambda: self._flask_app(reader, files)),
            files,
            EventStreams(reader, self.closing, refresh=None if self.sharing is None else self.sharing.refresh),
            reader,
            check_access=self.check_access,
            api_prefixes={api.name: api.prefix for api in self.apis},
            prepare=prepare,
        )

    def _flask_app(self, reader: PageData, files: StaticFiles) -> ASGIApp:
        """The application for the document and the plots. The first request for one of them imports Flask."""
        from counterfoil.page.flask_app import as_asgi, create_app

        app = create_app(
            reader,
            digest=files.digest,
            needs_token=self.token is not None,
            public=self.public,
            has_ledger=any(api.resources is None for api in self.apis),
            has_collections=any(api.resources is not None for api in self.apis),
        )
        return as_asgi(app)


def _visitor_limits() -> WorldLimits:
    """The limits of a visitor's world on a public server."""
    from counterfoil.control.world_service import WorldLimits

    half_an_hour = 1800.0
    return WorldLimits(
        customers=60,
        commands=1000,
        bytes=2 * 2**20,
        seconds=0.5,
        max_time_to_live=half_an_hour,
        default_time_to_live=half_an_hour,
        own_scenarios=False,
    )
