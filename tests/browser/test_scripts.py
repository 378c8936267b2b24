"""The three scripts of the guest pages: what they add, and that the pages do without them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.house.page_samples import NOW, SAMPLES

STATIC = Path(__file__).resolve().parents[2] / "static"
POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'"
ORIGIN = "http://guests.example"


def opened(browser: Browser, sample_id: str, **options: Any) -> Page:
    """A sample as the product would serve it, in a browser of its own."""
    (sample,) = [one for one in SAMPLES if one.id == sample_id]
    html = render_to_string(sample.template, sample.names)
    context: BrowserContext = browser.new_context(**options)
    page = context.new_page()

    def serve(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        if path.startswith("/static/"):
            route.fulfill(path=STATIC / path.removeprefix("/static/"))
        elif route.request.method == "POST":
            route.fulfill(status=204)  # the browser stays where it is, as before a slow answer
        elif path == "/page":
            route.fulfill(body=html, content_type="text/html", headers={"Content-Security-Policy": POLICY})
        else:
            route.fulfill(status=404)

    page.route("**/*", serve)
    page.clock.set_fixed_time(NOW)
    page.goto(f"{ORIGIN}/page")
    return page


@pytest.mark.parametrize(
    ("sample_id", "zone", "shown", "kept"),
    [
        ("wait", "Asia/Tokyo", "05:14 GMT+9", "20:14 UTC"),
        ("wait", "America/New_York", "15:14 EST", "20:14 UTC"),
        ("wait", "UTC", "20:14 UTC", None),
        ("wait-known", "America/New_York", "20:05 EST", "23 Nov, 01:05 UTC"),
        ("wait-known", "Asia/Kolkata", "06:35 GMT+5:30", "23 Nov, 01:05 UTC"),
        ("my-apps", "Asia/Tokyo", "November 24 at 04:29 GMT+9", "23 November, 19:29 UTC"),
    ],
)
def test_it_shows_times_in_the_reader_s_zone_and_keeps_UTC_in_the_title(browser, sample_id, zone, shown, kept):
    page = opened(browser, sample_id, timezone_id=zone, locale="en-US")
    first = page.locator("main time").first
    assert first.inner_text() == shown
    assert first.get_attribute("title") == kept


def test_it_leaves_UTC_where_scripts_do_not_run(browser):
    page = opened(browser, "enter-code", timezone_id="Asia/Tokyo", java_script_enabled=False)
    assert page.locator("#code-hint time").inner_text() == "19:58 UTC"


@pytest.mark.parametrize(
    ("copied", "field"),
    [
        ("1234 5678", "12345678"),
        ("1234-5678\n", "12345678"),
        ("１２３４５６７８", "12345678"),
        ("1234 567", "1234 567"),
    ],
    ids=["spaced", "dashed", "full-width", "too short to touch"],
)
def test_R12_it_takes_the_spaces_out_of_a_pasted_code(browser, copied, field):
    page = opened(browser, "enter-code")
    page.evaluate(
        """copied => {
            const box = document.getElementById("code"), data = new DataTransfer();
            data.setData("text", copied);
            const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
            if (box.dispatchEvent(paste)) box.value = copied;
        }""",
        copied,
    )
    assert page.locator("#code").input_value() == field


def test_R10_it_sends_one_code_for_a_double_click(browser):
    page = opened(browser, "redeem")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.get_by_role("button", name="Send code").dblclick()
    page.wait_for_timeout(300)
    assert len(posts) == 1
