"""What an application mounts beside the APIs: the control API and the page, each built when it is first asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING

from counterfoil.api import API
from counterfoil.api.control_types import Faults
from counterfoil.asgi import ASGIApp
from counterfoil.lazy_app import LazyApp
from counterfoil.ledger.errors import LedgerError
from counterfoil.server.app import Options, Server, build_server
from counterfoil.server.journal.store import JournalStore
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.worlds import DEFAULT, Worlds

if TYPE_CHECKING:
    from counterfoil.control.tasks import Others
    from counterfoil.control.world_service import WorldLimits
    from counterfoil.processes.shared_journal import SharedJournal
    from counterfoil.server.context import Observer


def visitors_bounds() -> WorldLimits:
    """What a visitor of a public server may do to a world."""
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


def control_api(
    worlds: Worlds,
    apis: Sequence[API],
    faults: Faults,
    journal: JournalStore | SharedJournal,
    *,
    token: str | None,
    hosts: Sequence[str],
    bounds: WorldLimits | None,
    others: Others | None = None,
    observers: Sequence[Observer] = (),
) -> Server:
    from counterfoil.control.control_api import control

    api = control(
        worlds, token=token, apis=apis, faults=faults, journal=journal, hosts=hosts, bounds=bounds, others=others
    )
    return build_server([api], worlds.get, options=Options(observers=observers))


def page(
    worlds: Worlds,
    apis: Sequence[API],
    journal: JournalStore | SharedJournal,
    closing: Event,
    *,
    refresh: Callable[[str], Awaitable[None]] | None = None,
    check_access: Callable[[Mapping[str, str]], object],
    needs_token: bool,
    public: bool,
    control: LazyApp,
) -> ASGIApp:
    """The page. Flask is imported by the first request for the document or a plot, not by an unknown path.

    ``control`` is the control API, which the document's script calls: it is built as soon as the document was sent.
    """
    from counterfoil.control.page_data import PageData
    from counterfoil.page.app import PageApp
    from counterfoil.page.events import EventStreams
    from counterfoil.page.static_files import StaticFiles

    reader = PageData(worlds, journal.version)
    files = StaticFiles()

    def flask_app() -> ASGIApp:
        from counterfoil.page.flask_app import as_asgi, create_app

        app = create_app(
            reader,
            digest=files.digest,
            needs_token=needs_token,
            public=public,
            has_ledger=any(api.resources is None for api in apis),
            has_collections=any(api.resources is not None for api in apis),
        )
        return as_asgi(app)

    def prepare() -> None:
        control.get()
        with suppress(LedgerError, StoreUnavailable):  # the request for the world is answered with the error
            reader.prepare(DEFAULT)

    return PageApp(
        LazyApp(flask_app),
        files,
        EventStreams(reader, closing, refresh=refresh),
        reader,
        check_access=check_access,
        api_prefixes={api.name: api.prefix for api in apis},
        prepare=prepare,
    )
