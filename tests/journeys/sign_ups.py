"""What stories of signing up say in one word."""

from __future__ import annotations

from typing import Any

from applications.models import Application
from tests.journeys.browser import Browser, Page

MIRIAM = "miriam.graham@firstupconsultants.com"


def sign_up(browser: Browser, application: Application, address: str = MIRIAM, name: str = "Miriam Graham") -> Page:
    """From the application's direct link to what comes after Send code."""
    browser.open(application.sign_in_path)
    browser.open(browser.page.links["Become a guest"])
    return browser.submit("email", email=address, name=name)


def answer_of(application: Application, address: str, name: str = "Miriam Graham") -> tuple[Browser, Any]:
    """What the form itself answers, before any redirect is followed."""
    browser = Browser()
    form = browser.open(application.sign_up_path).form_with("email")
    return browser, browser.client.post(form.action, form.fields | {"email": address, "name": name})
