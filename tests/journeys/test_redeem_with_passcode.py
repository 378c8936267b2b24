"""A guest redeems an invitation with an e-mailed passcode (R10, R20, R22)."""

from __future__ import annotations

from applications.models import Application
from guests.models import Guest, GuestSession, Status
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import EXPENSES, Invite


def test_R10_R22_it_leads_from_the_link_to_the_application(
    fabrikam: Tenant, contoso: Tenant, expenses: Application, invite: Invite
) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(terms_text="Be kind.", terms_version=3)
    invited = invite(fabrikam, redirect_url=EXPENSES, resource_name="Expense reports")
    browser = Browser()

    assert browser.open(invited.link).heading == "You’re invited to Fabrikam"
    assert post(fabrikam) == []  # opening a link sends nothing
    assert browser.submit("Send code").heading == "Enter your code"
    (message,) = post(fabrikam)
    assert message.to == ["nicole@firstupconsultants.com"]
    assert code_in(message) not in message.subject

    assert browser.submit("code", code=code_in(message)).heading == "Review permissions"
    with tenant_scope(fabrikam.id):
        assert Guest.objects.get().redemption_status == Status.PENDING
    assert browser.submit("Accept", button=("answer", "accept")).heading == "Terms of use"
    page = browser.submit("Accept", button=("answer", "accept"))
    assert page.leads_to == EXPENSES
    with tenant_scope(fabrikam.id):
        guest = Guest.objects.get()
        assert guest.redemption_status == Status.ACCEPTED
        assert guest.method == "emailOneTimePasscode"
        assert GuestSession.objects.get().guest == guest

    apps = browser.open(f"/myapps?tenantId={fabrikam.id}")
    assert apps.heading == "My Apps"
    assert "Expense reports" in apps.text
    assert browser.open("/contoso.example").heading == "Sign in to Contoso"


def test_R22_it_asks_for_no_terms_that_were_withdrawn(fabrikam: Tenant, invite: Invite) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(terms_text="", terms_version=3)
    browser = Browser()
    browser.open(invite(fabrikam).link)
    browser.submit("Send code")
    browser.submit("code", code=code_in(post(fabrikam)[0]))
    assert browser.submit("Accept", button=("answer", "accept")).heading == "My Apps"
