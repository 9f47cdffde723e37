"""Two servers at one PostgreSQL or Redis: nothing acknowledged is lost and nothing stale is shown when any of them is killed."""

from __future__ import annotations

from tests.store.engine_chaos import EACH, chaos
from tests.store.engines import DatabaseServer

SECONDS = 10.0


def test_servers_and_database_are_killed_and_nothing_is_lost(database: DatabaseServer, remote_store: str) -> None:
    seen, wrong, kills = chaos(database, remote_store, SECONDS)
    assert not wrong, wrong[:10]
    acknowledged = [each for each in seen if each.outcome == "ok" and each.kind == "write"]
    assert all(kills[each] for each in EACH)
    assert len(acknowledged) > 20, "it was tried"
    assert any(each.outcome == "refused" for each in seen)


def test_a_server_that_does_not_look_is_found(database: DatabaseServer, remote_store: str) -> None:
    wrong: list[str] = []
    for _ in range(5):
        _, wrong, _ = chaos(database, remote_store, 2.0, defect="never-looks", kill=False)
        if wrong:
            break
        remote_store = database.new_store()
    assert {line.partition(":")[0] for line in wrong} & {"STALE", "BACKWARDS", "DIGEST"}, wrong[:10]
