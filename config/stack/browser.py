"""A browser without JavaScript, made of the standard library: it opens pages, sends the forms on them, keeps cookies.

Knows forms, links and `Refresh`, and what a browser sends along with them. Knows no page of ours: it can only do what a
page offers.
"""

from __future__ import annotations

import re
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from typing import cast
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit

TIMEOUT = 20.0  # seconds for one page
MOST_REFRESHES = 5
_REFRESH = re.compile(r"\s*\d+\s*;\s*url=(?P<url>\S+)\s*", re.IGNORECASE)


class CannotDo(Exception):
    """The page does not offer what was asked for, or leads in circles."""


@dataclass
class Form:
    """One form: where it goes, its fields with their values, its buttons by their words."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Collects what a page says and offers."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self.heading, self.words = "", "", ""
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self._open: list[tuple[str, dict[str, str], int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("method", "get").lower()))
        elif tag == "input" and self.forms and values.get("name"):
            self.forms[-1].fields[values["name"]] = values.get("value", "")
        elif tag in ("title", "h1", "a", "button", "style", "script"):
            self._open.append((tag, values, len(self.words)))

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1][0] not in ("style", "script"):
            self.words += data

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            return
        _, values, began = self._open.pop()
        said = _one_line(self.words[began:])
        if tag == "title":
            self.title, self.words = said, self.words[:began]
        elif tag == "h1":
            self.heading = self.heading or said
        elif tag == "a":
            self.links.setdefault(said, values.get("href", ""))
        elif tag == "button" and self.forms:
            self.forms[-1].buttons[said] = (values.get("name", ""), values.get("value", ""))


def _one_line(text: str) -> str:
    return " ".join(text.split())


class Page:
    """What came back."""

    def __init__(self, url: str, status: int, headers: Message, body: str) -> None:
        reader = _Reader()
        reader.feed(body)
        self.url, self.status, self.headers = url, status, headers
        self.title, self.heading, self.text = reader.title, reader.heading, _one_line(reader.words)
        self.forms, self.links = reader.forms, reader.links

    @property
    def goes_on_to(self) -> str | None:
        """Where `Refresh` leads, at once and without JavaScript."""
        found = _REFRESH.fullmatch(self.headers.get("Refresh", ""))
        return urljoin(self.url, found["url"]) if found else None

    def form_with(self, button: str) -> Form:
        """The form that has a button with these words. Raises CannotDo."""
        for form in self.forms:
            if button in form.buttons:
                return form
        offered = ", ".join(name for form in self.forms for name in form.buttons) or "none"
        raise CannotDo(f"no button “{button}” on “{self.heading}” (buttons there: {offered})")


class Browser:
    """One person's browser: an empty cookie jar of its own."""

    def __init__(self) -> None:
        # No proxy: everything that is opened is on this machine.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )

    def open(self, url: str) -> Page:
        """GET, redirects and `Refresh` followed."""
        return self._follow(urllib.request.Request(url))  # noqa: S310  # http addresses that our own pages gave

    def press(self, page: Page, button: str, **typed: str) -> Page:
        """Send the form that has the button, its fields as they stand but for what was typed. Raises CannotDo."""
        form = page.form_with(button)
        name, value = form.buttons[button]
        data = form.fields | typed | ({name: value} if name else {})
        url = urljoin(page.url, form.action or page.url)
        if form.method != "post":
            return self.open(f"{url}?{urlencode(data)}")
        parts = urlsplit(page.url)
        headers = {"Origin": f"{parts.scheme}://{parts.netloc}", "Referer": page.url}
        body = urlencode(data).encode()
        return self._follow(urllib.request.Request(url, data=body, headers=headers))  # noqa: S310  # as above

    def _follow(self, request: urllib.request.Request) -> Page:
        page = self._send(request)
        for _ in range(MOST_REFRESHES):
            if page.goes_on_to is None:
                return page
            page = self._send(urllib.request.Request(page.goes_on_to))  # noqa: S310  # as above
        raise CannotDo(f"{page.url} goes on and on")

    def _send(self, request: urllib.request.Request) -> Page:
        request.add_header("User-Agent", "Mozilla/5.0 (Vestibule's walk)")
        request.add_header("Accept", "text/html")
        try:
            response = cast(HTTPResponse, self._opener.open(request, timeout=TIMEOUT))
        except HTTPError as error:  # a status from 400 on is a page like any other
            response = cast(HTTPResponse, error)
        with response:
            body = response.read().decode("utf-8", errors="replace")
            return Page(response.geturl(), response.status, response.headers, body)
