"""Fixtures of the tests of stores."""

from tests.store.engines import database, remote_store, started_postgres, started_redis

__all__ = ["database", "remote_store", "started_postgres", "started_redis"]
