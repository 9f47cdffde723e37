"""``python -m benchmarks.first_view``: measures the page's first view in a browser, at a server that was just started.

The times are the browser's own, from the start of the navigation: first paint, the overview's heading, and its three plots. Each
round starts a server, opens the page in a new browser context (cold), and then five times more in new tabs (warm).
Exit codes: 0 done, 3 no Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.server_process import free_port

VIEWS = 6
OBSERVE = """
window.seen = {};
new MutationObserver(() => {
  seen.heading ??= document.querySelector('main h1') ? performance.now() : undefined;
  seen.plots ??= document.querySelectorAll('main svg').length >= 3 ? performance.now() : undefined;
}).observe(document, {childList: true, subtree: true});
"""
TIMES = """() => ({paint: performance.getEntriesByName('first-contentful-paint')[0].startTime, ...window.seen})"""
Times = dict[str, float]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_view", description=__doc__.partition("\n")[0])
    parser.add_argument("--customers", type=int, default=10_000, help="customers in the world (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="servers that are started (default %(default)s)")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium: apt-get install chromium", file=sys.stderr)
        return 3
    from playwright.sync_api import sync_playwright

    cold: list[Times] = []
    warm: list[Times] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(options.rounds):
            first, *others = views(browser, options.customers)
            cold.append(first)
            warm += others
        browser.close()
    print(f"ms, median (least to most), {options.customers:,} customers{'first paint':>18}{'heading':>18}{'plots':>18}")
    for name, found in (("cold", cold), ("warm", warm)):
        print(f"{name:48}" + "".join(f"{row(found, key):>18}" for key in ("paint", "heading", "plots")))
    return 0


def views(browser: Any, customers: int) -> list[Times]:
    """The times of each view of the page of one server."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "counterfoil",
        "serve",
        "--quiet",
        "--port",
        str(port),
        "--customers",
        str(customers),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/ready")
            context = browser.new_context()
            found = [view(context, f"http://127.0.0.1:{port}/") for _ in range(VIEWS)]
            context.close()
        finally:
            server.terminate()
    return found


def view(context: Any, address: str) -> Times:
    tab = context.new_page()
    tab.add_init_script(OBSERVE)
    tab.goto(address)
    tab.wait_for_selector("main svg >> nth=2", state="attached")
    tab.wait_for_timeout(500)  # so that the next view does not meet what this one still loads
    times: Times = tab.evaluate(TIMES)
    tab.close()
    return times


def wait_until_ready(address: str) -> None:
    for _ in range(600):
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, ConnectionError):
            time.sleep(0.05)
    raise SystemExit("the server did not become ready")


def row(found: list[Times], key: str) -> str:
    values = [each[key] for each in found]
    return f"{statistics.median(values):.0f} ({min(values):.0f} to {max(values):.0f})"


if __name__ == "__main__":
    sys.exit(main())
