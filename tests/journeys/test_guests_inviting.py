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


def test_R53_a_guest_without_a_name_and_with_a_long_address_invites_by_as_much_of_it_as_fits(
    fabrikam: Tenant, nicoles: Browser
) -> None:
    address = f"{'n' * 60}@{'o' * 50}.example"
    with tenant_scope(fabrikam.id):
        Guest.objects.filter(address_key=NICOLE).update(name="", name_key="", address=address)
    nicoles.open(INVITE)
    assert nicoles.submit("email", email=BERTIL).heading == "The invitation is on its way"
    with tenant_scope(fabrikam.id):
        made = Guest.objects.get(address_key=BERTIL)
        invitation = Invitation.objects.get(guest=made)
    assert made.sponsor_name == invitation.inviter_name == f"{address[:99]}…"
    assert made.sponsor_address == invitation.inviter_address == address


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


def test_R19_R53_an_address_that_gets_no_mail_is_told_as_a_strangers_is(
    fabrikam: Tenant, nicoles: Browser, invite: Invite, now: datetime
) -> None:
    factories.administrator("adele@fabrikam.example", (fabrikam, "globalAdministrator"))  # type: ignore[arg-type]
    blocked = invite(fabrikam, "blocked@northwind.example").guest
    revoked = invite(fabrikam, "revoked@northwind.example").invitation
    with tenant_scope(fabrikam.id):
        block_guest(guest_id=blocked.id, actor=OPERATOR, now=now)
        revoke_invitation(invitation_id=revoked.id, actor=OPERATOR, now=now)
    quiet = ("adele@fabrikam.example", "blocked@northwind.example", "revoked@northwind.example")
    pages = set()
    for address in (*quiet, "stranger@northwind.example"):
        nicoles.open(INVITE)
        page = nicoles.submit("email", email=address)
        pages.add((page.status, page.heading, page.text))
    assert {heading for _, heading, _ in pages} == {"The invitation is on its way"}
    assert len(pages) == 1
    assert [mail.to for mail in post(fabrikam)] == [["stranger@northwind.example"]]
    refused = [line for line in history(fabrikam, "guest.invited") if line.outcome == "refused"]
    assert [line.details["address"] for line in refused] == list(quiet)
    assert all(line.details["reason"] for line in refused)


def test_R19_R53_a_domain_that_is_not_taken_tells_no_administrators_address_apart(
    fabrikam: Tenant, nicoles: Browser
) -> None:
    factories.administrator("adele@denied.example", (fabrikam, "globalAdministrator"))  # type: ignore[arg-type]
    Tenant.objects.filter(id=fabrikam.id).update(denied_domains=["denied.example"])
    pages = set()
    for address in ("adele@denied.example", "other@denied.example"):
        nicoles.open(INVITE)
        page = nicoles.submit("email", email=address)
        pages.add((page.status, page.text))
    assert len(pages) == 1


def invited_by(browser: Browser, address: str) -> str:
    browser.open(INVITE)
    return browser.submit("email", None, email=address).heading


def test_R17_a_guest_invites_ten_in_a_day_and_no_more(fabrikam: Tenant, nicoles: Browser) -> None:
    for number in range(10):
        assert invited_by(nicoles, f"guest{number}@northwind.example") == "The invitation is on its way"
    assert invited_by(nicoles, "guest10@northwind.example").startswith("Please wait")
    assert guests(fabrikam) == 11


def test_R17_R70_one_mailbox_gets_two_mails_a_day_from_all_guests(
    fabrikam: Tenant, nicoles: Browser, invite: Invite
) -> None:
    sven = Browser()
    sign_in(sven, fabrikam, invite(fabrikam, "sven@adatum.example").link)
    assert invited_by(nicoles, BERTIL) == "The invitation is on its way"
    assert invited_by(sven, "bertil+work@northwind.example") == "The invitation is on its way"
    assert invited_by(nicoles, "bertil+home@northwind.example").startswith("Please wait")
    assert len(post(fabrikam)) == 2


def test_R17_guests_who_invite_take_nothing_of_what_administrators_may(
    fabrikam: Tenant, nicoles: Browser, invite: Invite
) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(invitations_per_hour=2)  # one was spent on inviting Nicole
    for number in range(3):
        assert invited_by(nicoles, f"guest{number}@northwind.example") == "The invitation is on its way"
    assert invite(fabrikam, "sven@adatum.example").guest.address_key == "sven@adatum.example"


def test_R17_a_refusal_gives_a_guest_nothing_back_and_waiting_fills_no_history(
    fabrikam: Tenant, nicoles: Browser
) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(denied_domains=["denied.example"])
    for number in range(10):
        invited_by(nicoles, f"guest{number}@denied.example")
    for _ in range(8):
        assert invited_by(nicoles, BERTIL).startswith("Please wait")
    codes = [line.code for line in history(fabrikam, "guest.invited") if line.outcome == "refused"]
    assert (codes.count("E-DOMAIN"), codes.count("E-WAIT")) == (10, 5)
    assert guests(fabrikam) == 1


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
    assert page.heading == "The invitation is on its way"
    assert post(fabrikam) == []
    with tenant_scope(fabrikam.id):
        assert Invitation.objects.filter(guest__address_key=BERTIL, ended_at=None).count() == 0
