"""A real Chromium before a real server: the strict policy holds, and every message of it is an error."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.axe import is_looked_at

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
OpenPage = Callable[..., Page]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a Chromium these tests are skipped with one clear line; in CI they are required."""
    here = [item for item in items if item.path.is_relative_to(os.path.dirname(__file__))]
    for item in here:
        item.add_marker("browser")
        if not CHROMIUM and not os.environ.get("CI"):
            item.add_marker(pytest.mark.skip(reason="no Chromium here: apt install chromium, or set CHROMIUM"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, quiet."""
    assert CHROMIUM, "CI needs a Chromium: .ci/run installs it"
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


def complaints_of(page: Page) -> list[str]:
    """What the page's console says from now on that it should not: violations of the policy, errors of scripts."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        is_bad = message.type in ("error", "warning") and "status of 4" not in message.text
        if is_bad and not is_looked_at(page):
            said.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.fixture
def quiet(page: Page) -> Iterator[list[str]]:
    """A console that has to have said nothing bad when the test is over."""
    said = complaints_of(page)
    yield said
    assert said == []


@pytest.fixture
def origin(live_server: LiveServer, settings: Any) -> str:
    """Ours: for a browser another site than a provider on localhost, as it is with every real provider."""
    settings.PUBLIC_URL = live_server.url.replace("localhost", "127.0.0.1")
    return str(settings.PUBLIC_URL)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens pages, each in a browser of its own, whose consoles have to stay silent."""
    opened: list[tuple[Page, list[str]]] = []

    def one(**how: Any) -> Page:
        page = browser.new_context(**how).new_page()
        opened.append((page, complaints_of(page)))
        return page

    yield one
    said = [text for _, complaints in opened for text in complaints]
    for page, _ in opened:
        page.context.close()
    assert said == []


def see(page: Page, heading: str) -> None:
    """The page that is there, or comes, has this heading."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


class _Application(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Expense reports</title><h1>Expense reports</h1>")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def application_url() -> Iterator[str]:
    """An application on an origin of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Application)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/start"
    server.shutdown()
    server.server_close()
