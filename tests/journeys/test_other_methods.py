"""Addresses that another method answers for: what the mail, the pages and the way past them say (R2, R30, R34)."""

from __future__ import annotations

from datetime import datetime

import pytest

from applications.models import Application
from guests.operations.resending import resend_invitation
from providers.models import KnownAccountDomain
from providers.operations import add_known_account_domain, forbid_skipping
from providers.rules import PasscodeState
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import EXPENSES, Invite
from tests.journeys.stories import OPERATOR, agree, bytes_of, enter, owned_rows, sign_in, turn_passcodes

NICOLE = "nicole@firstupconsultants.com"
NANINE = "nanine@firstupconsultants.com"
ENTRA, MICROSOFT = KnownAccountDomain.Kind.ENTRA_ID, KnownAccountDomain.Kind.MICROSOFT_ACCOUNT

pytestmark = pytest.mark.usefixtures("registered")


@pytest.fixture
def nicoles() -> Browser:
    """Her browser."""
    return Browser()


def has_accounts(tenant: Tenant, kind: KnownAccountDomain.Kind, now: datetime) -> None:
    with tenant_scope(tenant.id):
        add_known_account_domain(domain="firstupconsultants.com", kind=kind, actor=OPERATOR, now=now)


def test_R2_an_invitations_mail_is_the_same_whichever_method_awaits_the_guest(
    fabrikam: Tenant, invite: Invite, now: datetime
) -> None:
    invited = invite(fabrikam)

    def mailed() -> tuple[str, str, list[str]]:
        with tenant_scope(fabrikam.id):
            resend_invitation(tenant=fabrikam, invitation_id=invited.invitation.id, actor=OPERATOR, now=now)
        (mail,) = post(fabrikam)
        return mail.subject, mail.body, [str(part[0]) for part in mail.alternatives]

    with_a_code = mailed()
    turn_passcodes(fabrikam, PasscodeState.DISABLED, now)
    assert mailed() == with_a_code, "now a Microsoft account has to be created"
    has_accounts(fabrikam, ENTRA, now)
    assert mailed() == with_a_code, "now it is Entra ID"
    subject, text, _ = with_a_code
    said = subject + text.replace(invited.link, "")
    assert not [word for word in ("code", "Microsoft", "Entra", "account") if word in said]


def test_R30_R34_the_link_leads_to_the_other_method_and_past_it(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    has_accounts(fabrikam, ENTRA, now)
    link = invite(fabrikam).link
    page = nicoles.open(link)
    before = owned_rows(fabrikam)
    assert (page.status, page.heading) == (200, "You’re invited to Fabrikam")
    assert "you’ll sign in with Entra ID" in page.text
    page = nicoles.open(page.links["I have no account there"])
    assert page.heading == "You’re invited to Fabrikam"
    assert owned_rows(fabrikam) == before
    assert nicoles.submit("Send code").heading == "Enter your code"
    assert nicoles.submit("code", code=code_in(post(fabrikam)[-1])).heading == "Review permissions"


def test_R34_a_typed_address_gets_past_it_too_and_keeps_its_goal(
    fabrikam: Tenant, expenses: Application, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    has_accounts(fabrikam, ENTRA, now)
    invite(fabrikam)
    nicoles.open(f"/signin/x/{expenses.id}?tenantId={fabrikam.id}")
    page = nicoles.submit("email", email=NICOLE)
    assert "You sign in with Entra ID" in page.text
    assert "For Expense reports" in page.text
    page = nicoles.open(page.links["I have no account there"])
    assert page.heading == "Sign in to Fabrikam"
    assert "For Expense reports" in page.text
    nicoles.submit("email", email=NICOLE)
    assert nicoles.submit("Send code").heading == "Enter your code"
    nicoles.submit("code", code=code_in(post(fabrikam)[-1]))
    assert agree(nicoles).leads_to == EXPENSES


def test_R19_R34_the_method_of_a_typed_address_follows_from_its_domain_alone(
    fabrikam: Tenant, invite: Invite, now: datetime
) -> None:
    has_accounts(fabrikam, ENTRA, now)
    invite(fabrikam)
    answers = []
    for address in (NICOLE, NANINE):
        browser = Browser()
        browser.open("/fabrikam.example")
        form = browser.page.form_with("email")
        form.fields["email"] = address
        answers.append(bytes_of(browser.client.post(form.action, form.fields), address=address))
    assert answers[0] == answers[1]
    assert "Adele" not in answers[0][3]


def test_R34_a_tenant_may_hold_guests_to_it(fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime) -> None:
    has_accounts(fabrikam, ENTRA, now)
    with tenant_scope(fabrikam.id):
        forbid_skipping(actor=OPERATOR, now=now)
    link = invite(fabrikam).link
    assert "I have no account there" not in nicoles.open(link).links
    page = nicoles.open(f"{link}?skip=azureActiveDirectory")
    assert "you’ll sign in with Entra ID" in page.text
    assert post(fabrikam) == []


def test_R30_an_address_with_two_accounts_is_asked_which(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    for kind in (ENTRA, MICROSOFT):
        has_accounts(fabrikam, kind, now)
    page = nicoles.open(invite(fabrikam).link)
    assert page.heading == "Which account is it?"
    page = nicoles.submit("csrfmiddlewaretoken", button=("method", "microsoftAccount"))
    assert page.heading == "Microsoft account did not answer", "it is asked, and nobody answers in this test"


def test_R3_a_passcode_guest_stays_with_it_after_getting_an_account(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    link = invite(fabrikam).link
    sign_in(nicoles, fabrikam, link)
    has_accounts(fabrikam, ENTRA, now)
    assert enter(Browser(), fabrikam, link).heading == "My Apps"


def test_R5_send_code_pressed_on_a_page_from_before_tells_the_links_holder_the_exact_remedy(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    link = invite(fabrikam).link
    sign_in(Browser(), fabrikam, link)
    nicoles.open(link)
    turn_passcodes(fabrikam, PasscodeState.DISABLED, now)
    page = nicoles.submit("Send code")
    assert (page.status, page.heading) == (403, "You can’t sign in with a code any more")
    assert "Adele Vance" in page.text


def test_R17_the_links_holder_who_has_to_wait_is_told_whom_to_ask(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam).link
    for _ in range(10):
        nicoles.open(link)
        page = nicoles.submit("Send code")
    nicoles.open(link)
    page = nicoles.submit("Send code")
    assert page.status == 429
    assert page.heading.startswith("Please wait until ")
    assert "Adele Vance cannot shorten the wait" in page.text
    assert "Do you have an invitation?" not in page.text
    assert page.response.headers["Retry-After"].isdecimal()
