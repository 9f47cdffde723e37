"""What an application has in addition where several processes serve it: made before the fork, and started in each after it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from counterfoil.asgi import ASGIApp
from counterfoil.processes.fault_counts import SharedFaultCounts
from counterfoil.processes.shared_journal import SharedJournal
from counterfoil.processes.siblings import Siblings
from counterfoil.server.faults.store import FaultStore
from counterfoil.server.journal.store import JournalStore
from counterfoil.store.current_worlds import CurrentWorlds
from counterfoil.store.shared_faults import SharedFaults
from counterfoil.store.shared_worlds import SharedWorlds

MAX_PATH_BYTES = 90
"""Bytes of the path of a folder with sockets; the path of a Unix socket has up to 104 on macOS, 108 on Linux."""


class Sharing:
    """``folder`` is this server's, with mode 0700, and is deleted at its end."""

    current: CurrentWorlds

    def __init__(self, worlds: SharedWorlds, journal: JournalStore, workers: int) -> None:
        self.workers = workers
        self.folder = _folder(None if worlds.log.remote else worlds.log.where)
        self.siblings = Siblings(self.folder, workers)
        self.fault_counts = SharedFaultCounts(self.folder)
        self.journal = SharedJournal(journal, self.siblings, workers)
        self._worlds = worlds

    def put_before(self, app: ASGIApp, prefixes: Sequence[str]) -> None:
        """Let ``current`` be the application that makes worlds current before ``app`` is called; its APIs have those prefixes."""
        if self._worlds.log.remote:
            from counterfoil.store.remote_worlds import RemoteCurrentWorlds, RemoteWorlds

            self.current = RemoteCurrentWorlds(app, cast("RemoteWorlds", self._worlds), prefixes)
        else:
            self.current = CurrentWorlds(app, self._worlds)

    def faults(self, local: FaultStore) -> SharedFaults:
        """The faults of all processes, which ``local`` applies in this one."""
        return SharedFaults(local, self._worlds, self.fault_counts.forget)

    def before_fork(self) -> None:
        """Close what must not cross a fork."""
        self._worlds.before_fork()

    def after_fork(self, worker: int) -> None:
        """Go on in a worker, numbered from 1."""
        self._worlds.after_fork(worker)
        self.start(worker)

    def start(self, worker: int) -> None:
        """Share with the other workers."""
        self.fault_counts.start()
        self.journal.start(worker)
        if self.workers > 1:
            self.siblings.start(worker)

    async def refresh(self, name: str) -> None:
        """Make a world current."""
        await self.current.refresh(name)

    def close(self) -> None:
        """End the sharing; called in the process that made it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _folder(store: str | None) -> Path:
    """Beside the store's file, if there is one: what was left by a server that was killed is found there, and deleted. No other
    server uses it, because there is one server for each store."""
    path = None if store is None else Path(f"{store}-workers").absolute()
    if path is None or len(str(path).encode()) > MAX_PATH_BYTES:
        return Path(tempfile.mkdtemp(prefix="counterfoil-"))
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    return path
