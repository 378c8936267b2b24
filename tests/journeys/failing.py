"""What stories of failing providers look for: the page, the way back, the history, and that others come in."""

from __future__ import annotations

from guests.models import FederatedIdentity, GuestSession
from providers.models import IdentityProvider
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.house.test_no_secrets import disguises
from tests.journeys.browser import Browser, Page
from tests.journeys.conftest import Invite
from tests.journeys.partners import come_back, leave
from tests.journeys.stories import sign_in
from tests.peers.hostile_op import CLIENT_SECRET, HostileProvider


def is_told(page: Page, name: str = "Adatum ID") -> None:
    """E-PROVIDER: whose fault it is, and what the guest can do."""
    assert (page.status, page.heading) == (502, f"{name} did not answer")
    assert "E-PROVIDER" in page.text
    assert "Nothing is wrong with your account" in page.text
    assert "administrator" in page.text


def nothing_is_linked(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        assert (GuestSession.objects.count(), FederatedIdentity.objects.count()) == (0, 0)


def reasons(tenant: Tenant, *secrets: str) -> list[str]:
    """The history's reasons for E-PROVIDER; none of its lines has a secret in it."""
    with tenant_scope(tenant.id):
        lines = list(AuditEntry.objects.filter(code="E-PROVIDER").order_by("id"))
        everything = str(list(AuditEntry.objects.values_list("details", flat=True)))
    assert [one[:12] for one in (CLIENT_SECRET, *secrets) if any(form in everything for form in disguises(one))] == []
    return [line.details["reason"] for line in lines]


def others_sign_in(tenant: Tenant, invite: Invite) -> None:
    """Somebody who has nothing to do with the provider comes in with a code."""
    bertil = invite(tenant, "bertil@firstupconsultants.com").link
    assert sign_in(Browser(), tenant, bertil).heading == "My Apps"


def goes_another_time(
    browser: Browser, tenant: Tenant, provider: IdentityProvider, peer: HostileProvider, link: str
) -> None:
    """The page's way back is the invitation's own link, and the sign-in can be begun again there."""
    way_back = browser.page.links["Try again"]
    assert link.endswith(way_back)
    assert browser.open(way_back).heading == "You’re invited to Fabrikam"
    assert come_back(browser, tenant, provider, peer, leave(browser)).heading == "Review permissions"
