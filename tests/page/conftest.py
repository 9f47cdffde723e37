"""A real browser in front of a real server. Each test has a world of its own on a server that its process shares.

These tests need Chromium, which Debian packages. Without it they are skipped, and the end of the run says so; in CI they fail.
``.ci/run`` installs it.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from counterfoil.app import Application, build
from counterfoil.serving import listen, origin_of, serve_in_thread

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SCREENSHOTS = Path(__file__).parents[2] / "docs" / "screenshots"
PATIENCE = 15_000
DESKTOP = {"width": 1120, "height": 740}
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(120))


def _chromium() -> str:
    """The path of the browser. The headless shell is Chromium without its windows, and takes half the CPU time."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        message = "the page was not tested in a browser: install Chromium (apt-get install chromium-headless-shell fonts-inter)"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return found


@pytest.fixture(scope="session")
def browser_and_loop() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """A browser, and the event loop that Playwright keeps running in the thread of the tests."""
    chromium = _chromium()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield opened, loop
        asyncio._set_running_loop(loop)
        opened.close()


@pytest.fixture
def browser(browser_and_loop: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    """The browser. After the test, Playwright's event loop does not count as running, because other tests run loops of their own.
    So each page and context is closed in its test."""
    opened, loop = browser_and_loop
    asyncio._set_running_loop(loop)
    yield opened
    asyncio._set_running_loop(None)


@dataclass
class Served:
    """A server on a port, and a client of its control API."""

    application: Application
    origin: str
    client: httpx.Client
    names: list[str] = field(default_factory=list)

    def world(self, scenario: str = "one-month", **options: Any) -> str:
        """A new world; its name."""
        name: str = self.call("POST", "", {"scenario": scenario, **options})["name"]
        self.names.append(name)
        return name

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The control API, below ``/worlds``."""
        answer = self.client.request(method, f"/_sandbox/v1/worlds{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def do(self, world: str, command: str, **members: Any) -> Any:
        return self.call("POST", f"/{world}/commands/{command}", members)["fact"]


def start(**options: Any) -> tuple[Served, Callable[[], None]]:
    taken = listen("127.0.0.1", 0)
    application = build(**options)
    stop = serve_in_thread(application.asgi_app, taken)
    origin = origin_of(taken)
    client = httpx.Client(base_url=origin, timeout=60)

    def end() -> None:
        client.close()
        application.closing.set()
        stop()

    return Served(application, origin, client), end


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    server, end = start(scenario_name="one-month")
    yield server
    end()


@dataclass
class Opened:
    """The page in one tab, in one world."""

    tab: Page
    served: Served
    world: str
    errors: list[str] = field(default_factory=list)

    def go(self, view: str) -> None:
        """Open a view by its link and wait until it is shown."""
        if self.tab.evaluate("location.hash").partition("?")[0] == f"#/{view}":
            return
        self.tab.evaluate(
            "view => { document.getElementById('main').dataset.ready = ''; location.hash = '#/' + view; }", view
        )
        expect(self.tab.locator("main")).to_have_attribute("data-ready", _begins(view.split("/")[0]))

    def menu(self, item: str) -> None:
        """Press an item of the world's menu."""
        self.tab.click("#world summary")
        self.tab.locator("#world .menu-list button", has_text=item).click()

    def now(self) -> str:
        return self.tab.inner_text("#now").replace("\u00a0", " ")


def _begins(view: str) -> Any:
    return re.compile(rf"^{view} ")


Pages = Callable[..., Opened]


@pytest.fixture
def pages(browser: Browser, served: Served) -> Iterator[Pages]:
    """``pages(world, view="overview", **context options)`` opens the page; its script may fail nowhere."""
    opened: list[Opened] = []
    contexts = []

    def open_page(world: str, view: str = "overview", server: Served = served, **options: Any) -> Opened:
        context = browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", "reduced_motion": "reduce", **options})
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        tab = context.new_page()
        page = Opened(tab, server, world)
        opened.append(page)
        tab.on("pageerror", lambda error: page.errors.append(str(error)))
        tab.on("console", lambda said: page.errors.append(said.text) if "Content Security" in said.text else None)
        if world:
            tab.add_init_script(
                f"if (!sessionStorage.getItem('counterfoil.world')) sessionStorage.setItem('counterfoil.world', '{world}')"
            )
        tab.goto(f"{server.origin}/#/{view}")
        expect(tab.locator("main")).to_have_attribute("data-ready", _begins(re.split("[/?]", view)[0]))
        return page

    expect.set_options(timeout=PATIENCE)
    yield open_page
    for context in contexts:
        context.close()
    for page in opened:
        assert page.errors == []


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Saves the screenshot of a view for the documentation, only if COUNTERFOIL_SCREENSHOTS is set."""

    def take(tab: Page, name: str) -> None:
        if os.environ.get("COUNTERFOIL_SCREENSHOTS"):
            expect(tab.locator("#status")).to_be_empty()
            tab.mouse.move(0, 0)
            tab.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")

    return take
