"""A browser that goes to other people's sites and back: it follows redirects and refreshes, and sends forms.

As real ones do with a Lax cookie, it brings no cookie with a post from another site (RFC 6265bis, 5.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit

import httpx
from lxml import html

from tests.races.web import ANSWERS_WITHIN, NO_TLS

MOST_STEPS = 20


class Surfer:
    """One browser. `page` is where it stands; `runs_scripts` is whether a page that posts its own form does so."""

    def __init__(self) -> None:
        self.runs_scripts = True
        self.client = httpx.Client(timeout=ANSWERS_WITHIN, verify=NO_TLS, trust_env=False)
        self.page: httpx.Response

    def close(self) -> None:
        self.client.close()

    @property
    def heading(self) -> str:
        found = html.document_fromstring(self.page.text).xpath("//h1")
        return " ".join(found[0].text_content().split()) if found else ""

    @property
    def text(self) -> str:
        return " ".join(html.document_fromstring(self.page.text).text_content().split())

    def open(self, url: str) -> Surfer:
        return self._arrive(self.client.get(url))

    def press(self, button: str, **typed: str) -> Surfer:
        """Send the form that has this button."""
        for form in html.document_fromstring(self.page.text).forms:
            for one in form.xpath(".//button | .//input[@type='submit']"):
                if " ".join((one.text_content() or one.get("value", "")).split()) == button:
                    pressed = {one.get("name"): one.get("value", "")} if one.get("name") else {}
                    return self._send(form, {**pressed, **typed})
        raise AssertionError(f"no button {button!r} at {self.page.url}: {self.page.text[:2000]}")

    def post(self) -> httpx.Response:
        """The answer to the page's only form, from another site; nothing is followed."""
        (form,) = html.document_fromstring(self.page.text).forms
        with _without_cookies(self.client):
            return self.client.post(form.get("action"), data=dict(form.form_values()))

    def _send(self, form: html.FormElement, typed: dict[str, str]) -> Surfer:
        url = urljoin(str(self.page.url), form.get("action") or str(self.page.url))
        values = {**dict(form.form_values()), **typed}
        here = f"{self.page.url.scheme}://{self.page.url.netloc.decode()}"
        headers = {"Origin": here, "Referer": str(self.page.url)}
        if urlsplit(url).netloc == urlsplit(here).netloc:
            return self._arrive(self.client.post(url, data=values, headers=headers))
        with _without_cookies(self.client):
            response = self.client.post(url, data=values, headers=headers)
        return self._arrive(response)

    def _arrive(self, response: httpx.Response) -> Surfer:
        for _ in range(MOST_STEPS):
            self.page = response
            if following := self._next(response):
                response = self.client.get(urljoin(str(response.url), following))
                continue
            forms = html.document_fromstring(response.text).forms if response.text else []
            if self.runs_scripts and len(forms) == 1 and "document.forms[0].submit()" in response.text:
                return self._send(forms[0], {})
            return self
        raise AssertionError(f"it goes round in a circle at {response.url}")

    @staticmethod
    def _next(response: httpx.Response) -> str:
        """Where a redirect or a refresh leads; "" where the page stays."""
        if response.is_redirect:
            return response.headers["Location"]
        found = re.match(r"\d+;\s*url=(.*)", response.headers.get("Refresh", ""))
        return found[1] if found else ""


@contextmanager
def _without_cookies(client: httpx.Client) -> Iterator[None]:
    kept, client.cookies = client.cookies, httpx.Cookies()
    try:
        yield
    finally:
        for one in client.cookies.jar:
            kept.jar.set_cookie(one)
        client.cookies = kept
