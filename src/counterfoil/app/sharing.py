"""What several processes that serve one application share: created before the fork, and started in each process after it."""

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
"""Limit on the path of a folder with sockets; a Unix socket's path has up to 104 bytes on macOS, 108 on Linux."""


class Sharing:
    """``folder`` holds the workers' sockets and fault counts. It is private to this server (mode 0700) and deleted when it ends;
    None with one worker, which may share the store with other servers."""

    current: CurrentWorlds

    def __init__(self, worlds: SharedWorlds, journal: JournalStore, workers: int) -> None:
        self.workers = workers
        self.folder = _folder(None if worlds.log.remote else worlds.log.where) if workers > 1 else None
        self.siblings = Siblings(self.folder, workers)
        self.fault_counts = SharedFaultCounts(self.folder)
        self.journal = SharedJournal(journal, self.siblings, workers)
        self._worlds = worlds

    def put_before(self, app: ASGIApp, prefixes: Sequence[str]) -> None:
        """Set ``current`` to a middleware that updates worlds, then calls ``app``, whose APIs have ``prefixes``."""
        if self._worlds.log.remote:
            from counterfoil.store.remote_worlds import RemoteCurrentWorlds, RemoteWorlds

            self.current = RemoteCurrentWorlds(app, cast("RemoteWorlds", self._worlds), prefixes)
        else:
            self.current = CurrentWorlds(app, self._worlds)

    def faults(self, local: FaultStore) -> SharedFaults:
        """The faults of all processes, which ``local`` applies in this one."""
        return SharedFaults(local, self._worlds, self.fault_counts.forget)

    def before_fork(self) -> None:
        """Close what does not survive a fork."""
        self._worlds.before_fork()

    def after_fork(self, worker: int) -> None:
        """Continue in a worker process; workers are numbered from 1."""
        self._worlds.after_fork(worker)
        self.start(worker)

    def start(self, worker: int) -> None:
        """Start sharing with the other workers."""
        self.fault_counts.start()
        self.journal.start(worker)
        if self.workers > 1:
            self.siblings.start(worker)

    async def refresh(self, name: str) -> None:
        """Update a world from the store."""
        await self.current.refresh(name)

    def close(self) -> None:
        """Delete the folder; call it in the process that created it."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def _folder(store: str | None) -> Path:
    """A new folder next to the store's file, if there is one, else a temporary one. A folder left there by a killed server is
    deleted; no other server uses it, because a file has one server."""
    path = None if store is None else Path(f"{store}-workers").absolute()
    if path is None or len(str(path).encode()) > MAX_PATH_BYTES:
        return Path(tempfile.mkdtemp(prefix="counterfoil-"))
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    return path
