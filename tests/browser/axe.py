"""Accessibility by axe: WCAG 2.2 AA and best practices, by evaluation, so that the page's policy stays in force."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
WIDTHS = (1280, 320)
"""A desktop, and the narrowest phone: what fits it fits 360."""


_looked_at: set[Page] = set()


def is_looked_at(page: Page) -> bool:
    """Whether axe is at this page now: it styles what it measures, which the policy refuses and the console tells."""
    return page in _looked_at


def findings(page: Page, widths: tuple[int, ...] = WIDTHS) -> list[str]:
    """What axe finds on the page as it stands, and what scrolls sideways: all rules light at these widths, and dark,
    where only colours are others, what is too faint at the last of them."""
    looks: list[tuple[str, int, object]] = [("light", width, RULES) for width in widths]
    looks += [("dark", widths[-1], CONTRAST)]
    found: list[str] = []
    page.wait_for_load_state()
    _looked_at.add(page)
    for scheme, width, rules in looks:
        # A colour that is still changing (120 ms) would be measured half-way.
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        results = Axe().run(page, options={"runOnly": rules})
        where = f"{page.title()}, {scheme}, {width} px"
        found += [
            f"{where}: {one['id']}: {node['html'][:160]}"
            for one in results.response["violations"]
            for node in one["nodes"]
        ]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{where}: scrolls sideways")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(50)  # what the console still has to tell of it
    _looked_at.discard(page)
    return found
