"""Who waits for a code reads where its mail is, as far as the provider tells (R18)."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from outbox.models import OutboundMail
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, Page, post
from tests.journeys.conftest import Invite
from tests.journeys.stories import ask_by_address
from tests.outbox.test_events import SIGNING_KEY, mailgun_event, post_mailgun


def tell(settings: Settings, tenant: Tenant, event: str, said: str = "", **more: str) -> None:
    """The provider's word on the newest mail of the tenant."""
    with tenant_scope(tenant.id):
        name = OutboundMail.objects.filter(kind="passcode").latest("created_at").message_id
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {"MAILGUN_API_KEY": "key", "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY}
    assert post_mailgun(mailgun_event(name, event, "nicole@firstupconsultants.com", said, **more)).status_code == 200


def again(browser: Browser) -> Page:
    """The page that the browser stands on, loaded anew."""
    return browser.open(browser.page.url)


@pytest.fixture
def waiting(fabrikam: Tenant, invite: Invite) -> Browser:
    """Nicole on the Enter code page, whose mail was handed over. She came by her invitation's link: known (R17)."""
    browser = Browser()
    browser.open(invite(fabrikam).link)
    browser.submit("Send code")
    post(fabrikam)
    return browser


def test_R18_a_mail_server_says_no_more_than_that_it_took_the_mail(waiting: Browser) -> None:
    assert "Handed over for firstupconsultants.com" in again(waiting).text
    assert "We are not told when it arrives." in again(waiting).text


def test_R18_it_says_that_the_mail_was_delivered(waiting: Browser, settings: Settings, fabrikam: Tenant) -> None:
    tell(settings, fabrikam, "delivered")
    page = again(waiting)
    assert "Delivered at" in page.text
    assert "We are not told" not in page.text


def test_R18_it_says_that_the_mail_bounced_and_why(waiting: Browser, settings: Settings, fabrikam: Tenant) -> None:
    tell(settings, fabrikam, "failed", "550 5.1.1 No such mailbox here.", severity="permanent")
    page = again(waiting)
    assert "firstupconsultants.com refused the email at" in page.text
    assert "550 5.1.1 No such mailbox here." in page.text
    assert "Ask Adele Vance to invite the address that you use." in page.text
    assert "Send it again" not in page.text


def test_R18_R19_a_stranger_is_told_nothing_of_it(waiting: Browser, settings: Settings, fabrikam: Tenant) -> None:
    stranger = Browser()
    ask_by_address(stranger, fabrikam, "nicole@firstupconsultants.com")
    post(fabrikam)
    tell(settings, fabrikam, "failed", "550 5.1.1 No such mailbox here.", severity="permanent")
    page = again(stranger)
    assert page.heading == "Enter your code"
    assert "refused" not in page.text
    assert "if this address is invited here" in page.text
