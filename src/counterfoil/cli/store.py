"""``counterfoil store``: inspects a store of ``serve --store``, and exports and imports worlds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from counterfoil.cli.common import exit_on_user_error, print_json, refuse
from counterfoil.plain_text import counted

if TYPE_CHECKING:
    from counterfoil.world.switches import Switch
    from counterfoil.world.world import World

FINDINGS = 1
STORE = click.argument("store", metavar="STORE")


@click.group()
def store() -> None:
    """Inspect a store (serve --store), export its worlds and import worlds.

    \b
    Example:
      counterfoil store info worlds.db
    """


@store.command()
@STORE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def info(store: str, as_json: bool) -> None:
    """Show how many worlds and commands a store has. A server may use the store meanwhile."""

    def run() -> dict[str, object]:
        from counterfoil.store.opening import open_log

        with closing(open_log(store, to_write=False)) as log:
            return {
                **log.versions(),
                "worlds": log.count(),
                "idle": len(log.expired(time.time())),
                "commands": log.commands(),
                "bytes": log.size(),
            }

    shown = exit_on_user_error(run)
    if as_json:
        print_json(shown)
        return
    for name, value in shown.items():
        click.echo(f"{name:<11} {value}")


@store.command()
@STORE
def check(store: str) -> None:
    """Rebuild every world of a store; exit code 1 if one cannot be rebuilt. A server may use the store meanwhile."""

    def run() -> tuple[int, list[str]]:
        from counterfoil.store.opening import open_log

        with closing(open_log(store, to_write=False)) as log:
            mistakes = log.mistakes()
            count = 0
            for _, result in _rebuilt(store, [name for _, name in log.rows()]):
                count += 1
                if isinstance(result, str):
                    mistakes.append(result)
            return count, mistakes

    count, mistakes = exit_on_user_error(run)
    for line in mistakes:
        click.echo(line)
    click.echo(f"{counted(count, 'world')}, {counted(len(mistakes), 'mistake')}")
    if mistakes:
        raise SystemExit(FINDINGS)


@store.command()
@STORE
def compact(store: str) -> None:
    """Delete expired worlds, and free unused space.

    If the store is a file, no server may use it meanwhile.
    """

    def run() -> tuple[int, int, int]:
        from counterfoil.store.opening import delete_idle, open_log

        with closing(open_log(store)) as log:
            before = log.size()
            deleted = delete_idle(log, time.time())
            log.compact()
            return deleted, before, log.size()

    idle, before, after = exit_on_user_error(run)
    click.echo(f"deleted {counted(idle, 'idle world')}; {before} bytes before, {after} now")


@store.command()
@STORE
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--world", "name", metavar="NAME", help="This world only.")
def export(store: str, folder: str, name: str | None) -> None:
    """Write each world as a capsule into a folder, NAME.json. A server may use the store meanwhile."""

    def run() -> int:
        from counterfoil.store.log import StoreError
        from counterfoil.store.opening import open_log
        from counterfoil.world.capsule import write_capsule

        with closing(open_log(store, to_write=False)) as log:
            names, where = [row_name for _, row_name in log.rows()], log.where
        if name is not None and name not in names:
            raise StoreError(f"{where}: has no world '{name[:80]}'")
        Path(folder).mkdir(parents=True, exist_ok=True)
        written = 0
        for world_name, world in _rebuilt(store, names if name is None else [name]):
            if isinstance(world, str):
                raise StoreError(world)
            Path(folder, f"{world_name}.json").write_bytes(write_capsule(world))
            written += 1
        return written

    click.echo(f"wrote {counted(exit_on_user_error(run), 'capsule')} to {folder}")


@store.command(name="import")
@STORE
@click.argument("capsules", nargs=-1, required=True, type=click.Path(exists=True))
@click.option(
    "--time-to-live",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds a world may stay unused before it is deleted; by default never.",
)
def import_(store: str, capsules: tuple[str, ...], time_to_live: float | None) -> None:
    """Create a world from each capsule: a file, or all *.json of a folder. The file's name is the world's name. An equal
    world that exists already is left as it is.

    If the store is a file, no server may use it meanwhile.
    """
    files = [
        file for path in capsules for file in (sorted(Path(path).glob("*.json")) if Path(path).is_dir() else [path])
    ]
    if not files:
        refuse(ValueError(f"no capsules (*.json) in {', '.join(capsules)}"))

    imported, existing = exit_on_user_error(lambda: _import(store, files, time_to_live))
    click.echo(f"imported {counted(imported, 'world')}" + (f"; there already: {existing}" if existing else ""))


def _import(store: str, files: Sequence[str | Path], time_to_live: float | None) -> tuple[int, int]:
    """How many worlds were created, and how many existed already, equal to their capsules; so an interrupted import can be
    repeated. Raises ``StoreError`` and ``CapsuleError`` before it creates any world."""
    from counterfoil.lookup import all_switches, scenario
    from counterfoil.store.log import StoreError
    from counterfoil.store.opening import open_worlds
    from counterfoil.world.capsule import write_capsule
    from counterfoil.world.switches import KnownSwitches
    from counterfoil.world.worlds import DEFAULT, check_name

    known = all_switches()
    with closing(open_worlds(store, scenario, KnownSwitches(known))) as worlds:
        opened: dict[str, World] = {}
        existing = 0
        for file in map(Path, files):
            name = file.stem
            check_name(name)
            world, stored = _opened(file, known), worlds.get(name)
            if name in opened or (stored is not None and write_capsule(stored) != write_capsule(world)):
                raise StoreError(f"{worlds.log.where}: would have two worlds named '{name}'; nothing was imported")
            if stored is None:
                opened[name] = world
            else:
                existing += 1
        for name, world in opened.items():
            worlds.add(world, time_to_live=None if name == DEFAULT else time_to_live)
        return len(opened), existing


def _opened(file: Path, known: Iterable[Switch]) -> World:
    from counterfoil.world.capsule import CapsuleError, open_capsule, read_capsule

    try:
        return open_capsule(read_capsule(file.read_bytes()), known, name=file.stem, any_version=True)
    except CapsuleError as error:
        raise CapsuleError(f"{file}: {error}; nothing was imported") from None


def _rebuilt(store: str, names: list[str]) -> Iterator[tuple[str, World | str]]:
    """Rebuild the worlds of a store; yields an error message instead of a world that cannot be rebuilt."""
    from counterfoil.lookup import all_switches, scenario
    from counterfoil.store.opening import open_log
    from counterfoil.store.rebuilding import rebuild
    from counterfoil.world.command_log import StoreUnavailable
    from counterfoil.world.scenario import Scenario
    from counterfoil.world.switches import KnownSwitches
    from counterfoil.world.worlds import Worlds

    templates = Worlds(scenario, KnownSwitches(all_switches()))
    scenarios: dict[str, Scenario] = {}
    with closing(open_log(store, to_write=False)) as log:
        for name in names:
            try:
                stored = log.find(name)
                if stored is not None:  # else it was deleted meanwhile
                    yield name, rebuild(stored, templates, scenarios)
            except StoreUnavailable as error:
                yield name, str(error)
