"""A browser without JavaScript, for stories told over HTTP: it reads pages and sends the forms that are on them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin

from django.core import mail  # noqa: TID251  # where the test runner keeps what was sent
from django.test import Client

from outbox.models import OutboundMail
from outbox.operations import claim_mail, deliver
from tenants.models import Tenant
from tenants.scope import tenant_scope


@dataclass
class Form:
    """One form: where it goes, its hidden and typed fields, and its named buttons."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.form: Form | None = None
        self.heading = ""
        self.words: list[str] = []
        self.links: dict[str, str] = {}
        self._link = ""
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Form(said.get("action", ""), said.get("method", "get"))
            self.forms.append(self.form)
        elif tag == "input" and self.form is not None and "name" in said:
            self.form.fields[said["name"]] = said.get("value", "")
        elif tag == "button" and self.form is not None and "name" in said:
            self.form.buttons.append((said["name"], said.get("value", "")))
        elif tag == "a":
            self._link = said.get("href", "")
        if tag in ("h1", "title", "style", "script", "button"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        if tag == "a":
            self._link = ""
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if not words:
            return
        if "h1" in self._inside:
            self.heading = f"{self.heading} {words}".strip()
        if "button" in self._inside and self.form is not None:
            self.form.labels.append(words)
        if self._link:
            self.links[words] = self._link
        if not {"style", "script", "title"} & set(self._inside):
            self.words.append(words)


class Page:
    """What came back: its status, its heading, its words, its forms and where it leads."""

    def __init__(self, response: Any, url: str) -> None:
        self.response, self.url, self.status = response, url, response.status_code
        reader = _Reader()
        self.source = response.content.decode() if not response.streaming else ""
        reader.feed(self.source)
        self.heading, self.forms, self.links = reader.heading, reader.forms, reader.links
        self.text = " ".join(reader.words)

    @property
    def leads_to(self) -> str:
        """The address of `Refresh: 0; url=…`, or ""."""
        found = re.fullmatch(r"0; ?url=(.+)", self.response.headers.get("Refresh", ""))
        return found[1] if found else ""

    def form_with(self, name: str) -> Form:
        """The form that has this field, or this label on its button."""
        for form in self.forms:
            if name in form.fields or name in form.labels:
                return form
        raise AssertionError(f"no form with {name!r} on: {self.heading} ({self.status}) {self.text[:300]}")


class Browser:
    """Keeps cookies, follows redirects within the site, checks CSRF as a server does."""

    def __init__(self, **headers: str) -> None:
        self.client = Client(enforce_csrf_checks=True, headers=headers or None)
        self.page: Page

    def open(self, url: str) -> Page:
        """GET, following redirects within the site."""
        url = re.sub(r"^https?://[^/]+", "", url) or "/"
        response = self.client.get(url)
        return self._arrive(response, url)

    def come(self, url: str, query: dict[str, str]) -> Page:
        """GET with this query, as a provider sends the browser back."""
        response = self.client.get(url, query)
        return self._arrive(response, url)

    def posted_from_elsewhere(self, url: str, data: dict[str, str]) -> Page:
        """POST as another site's page has it done: without our Lax cookies; then on with them."""
        url = re.sub(r"^https?://[^/]+", "", url)
        client = Client(enforce_csrf_checks=True)
        response = client.post(url, urlencode(data), content_type="application/x-www-form-urlencoded")
        return self._arrive(response, url)

    def submit(self, name: str, /, button: tuple[str, str] | None = None, **typed: str) -> Page:
        """Send the form that has the field or the button `name`, with what was typed."""
        form = self.page.form_with(name)
        data = form.fields | typed | (dict([button]) if button else {})
        url = urljoin(self.page.url, form.action or self.page.url)
        return self._arrive(self.client.post(url, data), url)

    def _arrive(self, response: Any, url: str) -> Page:
        for _ in range(6):
            if response.status_code not in (301, 302, 303) or response.headers["Location"].startswith("http"):
                break
            url = urljoin(url, response.headers["Location"])
            response = self.client.get(url)
        self.page = Page(response, url)
        return self.page


def post(tenant: Tenant) -> list[Any]:
    """Let the mails that wait be sent, as a worker would, and return the ones that came out."""
    before = len(mail.outbox)
    with tenant_scope(tenant.id):
        for waiting in OutboundMail.objects.waiting().order_by("created_at"):
            claimed = claim_mail(mail_id=waiting.id)
            if claimed is not None:
                deliver(claimed=claimed)
    return list(mail.outbox[before:])


def code_in(message: Any) -> str:
    """The eight digits in a mail's text."""
    found = re.search(r"^\s+(\d{4} \d{4})\s*$", message.body, re.MULTILINE)
    assert found, message.body
    return found[1]


def link_in(message: Any) -> str:
    """The invitation's link in a mail's text."""
    found = re.search(r"^https?://\S+/redeem/\S+$", message.body, re.MULTILINE)
    assert found, message.body
    return found[0]
