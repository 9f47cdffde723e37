"""Applications of one process share the spec of an API and its compiled schemas, even if several are built at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from counterfoil.openapi import load


def test_applications_that_are_built_at_once_validate_as_one_alone_does(stand_in: Callable[..., Any]) -> None:
    def statuses(number: int) -> list[int]:
        application = stand_in(apis=["elevate", "oracle-brm"])
        wrong = (("elevate", {"limit": "x"}), ("oracle-brm", {"limit": number + 1}), ("oracle-brm", {"limit": "-1"}))
        paths = {"elevate": "/customers", "oracle-brm": "/customerBill"}
        return [application.get(api, paths[api], params=query).status_code for api, query in wrong]

    alone = statuses(0)
    assert alone == [400, 200, 400]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(statuses, range(1, 17))) == [alone] * 16


def test_a_spec_that_was_changed_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "shop" / "openapi.yaml"
    file.parent.mkdir()
    for title in ("First", "Second"):
        file.write_text(f"openapi: 3.0.3\ninfo: {{title: {title}, version: '1'}}\npaths: {{}}\n")
        assert load("shop", directory=tmp_path).raw["info"]["title"] == title
