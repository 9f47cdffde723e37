"""The shared sandbox of docs/how-to/shared-sandbox.md, run: nginx with its file, two servers, PostgreSQL."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.house.test_shared_sandbox import FOLDER, certificate, tool
from tests.store.engines import Postgres, free_port
from tests.store.served import CONTROL, KEY, RUNS, Served, until

HOST = "sandbox.example.com"
TOKEN = {"Authorization": "Bearer for-this-test"}


class Proxy:
    """nginx before these servers, and a client of it."""

    def __init__(self, folder: Path, servers: list[Served]) -> None:
        certificate(folder)
        self.port, plain = free_port(), free_port()
        text = (FOLDER / "nginx.conf").read_text()
        for before, after in {
            "/etc/letsencrypt/live/sandbox.example.com": str(folder),
            "listen 443 ssl http2": f"listen 127.0.0.1:{self.port} ssl http2",
            "listen 80": f"listen 127.0.0.1:{plain}",
            "127.0.0.1:8001": f"127.0.0.1:{servers[0].port}",
            "127.0.0.1:8002": f"127.0.0.1:{servers[1].port}",
        }.items():
            assert before in text, before
            text = text.replace(before, after)
        (folder / "site.conf").write_text(text)
        main, temporary = folder / "nginx.conf", ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "".join(f"{each}_temp_path {folder}/{each};" for each in temporary)
        main.write_text(
            f"daemon off; user root; pid {folder}/pid; error_log {folder}/errors; events {{}}"
            f" http {{ access_log off; {paths} include {folder}/site.conf; }}"
        )
        self._process = subprocess.Popen([tool("nginx", "nginx-light"), "-c", main, "-e", folder / "errors"])
        self._tls = ssl._create_unverified_context()
        until(self._answers)

    def _answers(self) -> bool:
        try:
            return self("GET", "/ready")[0] == 200
        except OSError:
            return False

    def __call__(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] = KEY, host: str = HOST
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self._tls, timeout=20)
        sent = {**headers, "Host": host, "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        response = connection.getresponse()
        try:
            return response.status, response.read()
        finally:
            connection.close()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


@pytest.fixture
def servers(started_postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Served]]:
    monkeypatch.setenv("COUNTERFOIL_CONTROL_TOKEN", TOKEN["Authorization"].removeprefix("Bearer "))
    store = started_postgres.start().new_store()
    options = ("--scenario", "one-month", "--known-as", HOST, "--proxy", "127.0.0.1")
    with ExitStack() as running:
        yield [running.enter_context(Served(store, *options)) for _ in range(2)]


def test_a_team_goes_on_while_servers_are_killed(servers: list[Served], tmp_path: Path) -> None:
    """Four worlds of four developers; each server is killed in turn, and every world is there all the time."""
    proxy = Proxy(tmp_path, servers)
    try:
        assert proxy("POST", CONTROL, {"name": "stranger"})[0] == 401
        worlds = [f"developer-{number}" for number in range(4)]
        for world in worlds:
            assert proxy("POST", CONTROL, {"name": world}, TOKEN)[0] == 201
            assert proxy("POST", f"/w/{world}{RUNS}", {"name": f"Of {world}"})[0] == 200
        assert proxy("GET", f"{CONTROL}/{worlds[0]}", None, TOKEN, host="elsewhere.example.com")[0] in (403, 421)
        for server in servers:
            server.kill()
            for world in worlds:
                status, body = proxy("GET", f"/w/{world}{RUNS}")
                assert (status, json.loads(body)[-1]["name"]) == (200, f"Of {world}")
            server.start()
        links = json.loads(proxy("GET", f"{CONTROL}/{worlds[0]}", None, TOKEN)[1])["apis"]
        assert all(link.startswith(f"https://{HOST}/w/{worlds[0]}/") for link in links.values()), links
    finally:
        proxy.close()
