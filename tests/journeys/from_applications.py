"""What stories of applications without a tenant say in one word."""

from __future__ import annotations

import re
from typing import Any

from guests.models import SignInFlow
from tenants.models import Tenant
from tenants.scope import every_tenant
from tests.journeys.browser import Browser, Page, post

NICOLE = "nicole@firstupconsultants.com"


def ask(browser: Browser, link: str, address: str = NICOLE) -> Page:
    """Open the application's link and have a code sent."""
    browser.open(link)
    return browser.submit("email", email=address)


def everywhere(*tenants: Tenant) -> list[Any]:
    """All mails that wait, whoever's."""
    return [message for tenant in tenants for message in post(tenant)]


def flow_of(address: str) -> SignInFlow:
    """The newest flow of this address, wherever it runs."""
    with every_tenant(reason="a test looks where a flow runs"):
        found = SignInFlow.objects.select_related("tenant").filter(address=address).order_by("-created_at").first()
    assert found is not None
    return found


def unsealed(text: str) -> str:
    """The text without the application's seal, which holds the time."""
    return re.sub(r"\?to=[\w:.-]+", "?to=sealed", text)
