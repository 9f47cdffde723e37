"""All writes of a user's own handler are one command; another command is executed at once, and stays."""

from __future__ import annotations

from pathlib import Path

import httpx
from tests.own_documents.served import DOCUMENTS

from counterfoil.app import build
from counterfoil.lookup import own_api
from counterfoil.testing.in_process import InProcessTransport

DEPOT = DOCUMENTS / "parcels.yaml"
HANDLERS = """
from counterfoil.own import handler
from counterfoil.world.commands.clock import AdvanceClock

@handler("POST /parcels")
def create(request, store):
    parcels = store["/parcels"]
    parcels.create({"label": "first", "weight": 1})
    if request.body["label"] == "clock":
        store.world.execute(AdvanceClock(days=1))
    made = parcels.create({"label": "second", "weight": 2})
    if request.body["weight"] > 5:
        raise RuntimeError("too heavy")
    return made
"""


def test_writes_are_one_command_and_the_clock_is_one_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(HANDLERS)
    application = build(own=[own_api(DEPOT, rows=3, seed=0, handlers=tmp_path / "own.py")])
    with httpx.Client(
        transport=InProcessTransport(application.asgi_app), base_url="http://localhost", timeout=60
    ) as client:

        def after(label: str, weight: int) -> tuple[int, int, list[str]]:
            """The status, the commands that were executed, and the labels of all parcels but the first three."""
            before = client.get("/_sandbox/v1/worlds/default/clock").json()["version"]
            status = client.post("/parcels/parcels", json={"label": label, "weight": weight}).status_code
            now = client.get("/_sandbox/v1/worlds/default/clock").json()["version"]
            parcels = client.get("/parcels/parcels").json()["parcels"]
            return status, now - before, [each["label"] for each in parcels[3:]]

        assert after("plain", 6) == (500, 0, [])
        assert after("clock", 6) == (500, 2, ["first"])
        assert after("plain", 1) == (201, 1, ["first", "first", "second"])
