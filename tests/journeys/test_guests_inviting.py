"""Guests who invite guests, where the tenant lets everybody (R53)."""

from __future__ import annotations

from datetime import datetime

import pytest

from guests.models import Guest, Invitation
from guests.operations.resending import revoke_invitation
from guests.operations.resetting import block_guest
from tenants.models import Tenant, WhoMayInvite
from tenants.scope import tenant_scope
from tests import factories
from tests.journeys.browser import Browser, link_in, post
from tests.journeys.conftest import NICOLE, Invite
from tests.journeys.stories import OPERATOR, enter, history, sign_in

pytestmark = pytest.mark.django_db
INVITE, APPS = "/fabrikam.example/invite", "/myapps/fabrikam.example"
BERTIL = "bertil@northwind.example"


@pytest.fixture
def nicoles(fabrikam: Tenant, invite: Invite) -> Browser:
    """The browser of a guest who has redeemed, in a tenant that lets everybody invite."""
    browser = Browser()
    sign_in(browser, fabrikam, invite(fabrikam).link)
    Tenant.objects.filter(id=fabrikam.id).update(who_may_invite=WhoMayInvite.EVERYONE)
    return browser


def guests(tenant: Tenant) -> int:
    with tenant_scope(tenant.id):
        return Guest.objects.count()


def test_R53_a_guest_invites_somebody_in_their_own_name(fabrikam: Tenant, nicoles: Browser) -> None:
    nicoles.open(APPS)
    nicoles.open(nicoles.page.links["Invite somebody"])
    page = nicoles.submit("email", email="Bertil@Northwind.example", name="Bertil Lind", message="Join us,\r\nN.")
    assert page.heading == "The invitation is on its way"
    (mail,) = post(fabrikam)
    assert (mail.to, mail.subject) == (["Bertil@northwind.example"], "Nicole Wagner invited you to Fabrikam")
    assert mail.reply_to == [NICOLE]
    assert "Join us," in mail.body
    assert sign_in(Browser(), fabrikam, link_in(mail)).heading == "My Apps"
    with tenant_scope(fabrikam.id):
        made = Guest.objects.get(address_key=BERTIL)
        nicole = Guest.objects.get(address_key=NICOLE)
        assert Invitation.objects.get(guest=made).inviter_id == nicole.id
    assert (made.name, made.sponsor_name, made.sponsor_address) == ("Bertil Lind", "Nicole Wagner", NICOLE)
    line = history(fabrikam, "guest.invited")[-1]
    assert (line.actor_kind, line.actor_id) == ("guest", nicole.id)


@pytest.mark.parametrize("who", [one for one in WhoMayInvite if one != WhoMayInvite.EVERYONE])
def test_R53_where_the_tenant_chose_otherwise_a_guest_is_neither_offered_nor_let(
    fabrikam: Tenant, nicoles: Browser, who: WhoMayInvite
) -> None:
    nicoles.open(INVITE)
    Tenant.objects.filter(id=fabrikam.id).update(who_may_invite=who)
    assert nicoles.submit("email", email=BERTIL).status == 404
    assert nicoles.open(INVITE).status == 404
    assert "Invite somebody" not in nicoles.open(APPS).links
    assert guests(fabrikam) == 1


def test_R53_a_guest_who_has_not_redeemed_invites_nobody(fabrikam: Tenant, invite: Invite) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(who_may_invite=WhoMayInvite.EVERYONE)
    browser = Browser()
    enter(browser, fabrikam, invite(fabrikam).link)
    assert browser.open(INVITE).status == 404


def test_R53_without_a_session_or_with_another_tenants_nobody_is_invited(
    fabrikam: Tenant, contoso: Tenant, nicoles: Browser
) -> None:
    assert Browser().open(INVITE).heading == "Sign in to Fabrikam"
    Tenant.objects.filter(id=contoso.id).update(who_may_invite=WhoMayInvite.EVERYONE)
    assert nicoles.open("/contoso.example/invite").heading == "Sign in to Contoso"
    assert guests(contoso) == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param({"email": "nobody"}, "with an @ in it", id="R70-no address"),
        pytest.param({"email": BERTIL, "message": "x" * 501}, "501 characters. 500 fit", id="R51-long message"),
        pytest.param({"email": BERTIL, "name": "…"}, "A name has letters", id="R39a-no name"),
        pytest.param({"email": "x@denied.example"}, "does not take guests from this domain", id="R53-denied"),
    ],
)
def test_R53_what_is_wrong_is_said_beside_the_field_and_nobody_is_invited(
    fabrikam: Tenant, nicoles: Browser, typed: dict[str, str], said: str
) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(denied_domains=["denied.example"])
    nicoles.open(INVITE)
    page = nicoles.submit("email", None, **typed)
    assert (page.status, said in page.text) == (422, True)
    assert "<title>Error: Invite somebody" in page.source
    assert guests(fabrikam) == 1


def test_R19_R53_an_administrators_and_a_blocked_guests_address_are_refused_alike(
    fabrikam: Tenant, nicoles: Browser, invite: Invite, now: datetime
) -> None:
    factories.administrator("adele@fabrikam.example", (fabrikam, "globalAdministrator"))  # type: ignore[arg-type]
    blocked = invite(fabrikam, "blocked@northwind.example").guest
    with tenant_scope(fabrikam.id):
        block_guest(guest_id=blocked.id, actor=OPERATOR, now=now)
    pages = []
    for address in ("adele@fabrikam.example", "blocked@northwind.example"):
        nicoles.open(INVITE)
        pages.append(nicoles.submit("email", email=address).text.replace(address, ""))
    assert pages[0] == pages[1]
    assert "This address can’t be invited from here." in pages[0]


def test_R17_a_guest_invites_no_more_than_an_hours_share(fabrikam: Tenant, nicoles: Browser) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(invitations_per_hour=2)  # one was spent on inviting Nicole
    for number, heading in enumerate(("The invitation is on its way", "Please wait")):
        nicoles.open(INVITE)
        assert nicoles.submit("email", email=f"guest{number}@northwind.example").heading.startswith(heading)
    assert guests(fabrikam) == 2


def test_R53_inviting_one_who_is_here_already_mails_their_link_and_changes_nothing_in_it(
    fabrikam: Tenant, nicoles: Browser, invite: Invite
) -> None:
    theirs = invite(fabrikam, BERTIL, message="By Friday, please")
    nicoles.open(INVITE)
    page = nicoles.submit("email", email=BERTIL, name="Somebody Else", message="Call this number")
    assert page.heading == "The invitation is on its way"
    (mail,) = post(fabrikam)
    assert link_in(mail) == theirs.link
    assert "By Friday, please" in mail.body
    assert "Call this number" not in mail.body
    with tenant_scope(fabrikam.id):
        assert Guest.objects.get(address_key=BERTIL).name == "Nicole Wagner"
        assert Invitation.objects.get(guest__address_key=BERTIL).inviter_name == theirs.invitation.inviter_name


def test_R53_a_guest_brings_no_invitation_back_that_an_administrator_revoked(
    fabrikam: Tenant, nicoles: Browser, invite: Invite, now: datetime
) -> None:
    theirs = invite(fabrikam, BERTIL)
    with tenant_scope(fabrikam.id):
        revoke_invitation(invitation_id=theirs.invitation.id, actor=OPERATOR, now=now)
    nicoles.open(INVITE)
    page = nicoles.submit("email", email=BERTIL)
    assert "This address can’t be invited from here" in page.text
    assert post(fabrikam) == []
    with tenant_scope(fabrikam.id):
        assert Invitation.objects.filter(guest__address_key=BERTIL, ended_at=None).count() == 0
