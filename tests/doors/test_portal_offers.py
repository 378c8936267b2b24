"""R63: who has an account already is offered a role; nothing of them is a tenant's to see before they accept it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tenants.administering import appoint_administrator
from tenants.audit import Actor
from tenants.credentials import Credentials
from tenants.models import Administrator, AuditEntry, Budget, RoleAssignment, RoleOffer, Tenant
from tenants.offering import APPOINTMENTS
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import sign_in_form, signed_in, text, with_backup_code

LIST = "/admin/tenants/administrator/"
APPOINT = f"{LIST}appoint/"
LOGIN = "/admin/login/"
CHOOSE = "/admin/tenant/"
ACCEPT, DECLINE = "/admin/tenant/offer/accept/", "/admin/tenant/offer/decline/"
MEGAN = {
    "email": "Megan@Contoso.example",
    "name": "M.",
    "roles_chosen": ["globalAdministrator", "helpdeskAdministrator"],
}


def history(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def roles(who: Administrator, tenant: Tenant) -> set[str]:
    return set(RoleAssignment.objects.filter(administrator=who, tenant=tenant).values_list("role", flat=True))


@pytest.fixture
def megan(contoso: Tenant) -> Administrator:
    """Contoso's Global Administrator."""
    return factories.administrator("megan@contoso.example", (contoso, Role.GLOBAL_ADMINISTRATOR), name="Megan Bowen")


@pytest.fixture
def offer(portal: Client, megan: Administrator) -> RoleOffer:
    """What Adele of Fabrikam offers Megan."""
    portal.post(APPOINT, MEGAN)
    return RoleOffer.objects.get()


def test_R63_appointing_an_account_that_is_there_is_an_offer_and_gives_nothing(portal, megan, fabrikam, contoso):
    before = Administrator.objects.get(pk=megan.pk)
    page = portal.post(APPOINT, MEGAN)
    assert "its owner decides" in text(page)
    assert "Backup codes" not in text(page)
    assert roles(megan, fabrikam) == set()
    after = Administrator.objects.get(pk=megan.pk)
    assert (after.password, after.name) == (before.password, "Megan Bowen")
    assert history(fabrikam) == ["administrator.offered"]
    assert history(contoso) == []
    shown = portal.get(LIST)
    assert "megan@contoso.example Global Administrator, Helpdesk Administrator" in text(shown)
    for answer in (page, shown):
        assert "Contoso" not in answer.content.decode().replace("Contoso.example", "")
        assert "Megan Bowen" not in answer.content.decode()


def test_R63_who_is_offered_a_role_is_not_watched_and_not_signed_out(portal, megan, offer, fabrikam, contoso):
    for page in ("change", "remove", "sign-out", "history"):
        url = f"{LIST}{megan.pk}/{page}/"
        assert portal.get(url).status_code in (404, 405), page
        assert portal.post(url).status_code == 404, page
    with_backup_code(megan)
    Client().post(LOGIN, sign_in_form(megan.email, password="wrong"))
    theirs = Client()
    theirs.post(LOGIN, sign_in_form(megan.email))
    assert history(fabrikam) == ["administrator.offered"]
    assert history(contoso) == ["administrator.sign_in_failed", "administrator.signed_in"]
    assert theirs.get("/admin/")["Content-Type"].startswith("text/html")
    assert "Contoso" in text(theirs.get("/admin/"))
    assert theirs.post("/admin/tenant/switch/", {"tenant": str(fabrikam.id)})["Location"] == CHOOSE


def test_R63_the_owner_is_asked_after_signing_in_and_holds_the_roles_once_they_accept(portal, megan, offer, fabrikam):
    with_backup_code(megan)
    theirs = Client()
    led = theirs.post(LOGIN, sign_in_form(megan.email))["Location"]
    assert led.startswith(CHOOSE)
    asked = text(theirs.get(led))
    assert "Fabrikam offers you 2 roles Global Administrator May do everything here" in asked
    page = theirs.post(ACCEPT, {"offer": str(offer.pk)}, follow=True)
    assert "You accepted. Fabrikam is among your tenants now." in text(page)
    assert roles(megan, fabrikam) == {"globalAdministrator", "helpdeskAdministrator"}
    assert history(fabrikam) == ["administrator.offered", "administrator.offer_accepted"]
    theirs.post("/admin/tenant/switch/", {"tenant": str(fabrikam.id)})
    assert theirs.get(APPOINT).status_code == 200
    assert "not accepted yet" not in text(portal.get(LIST))
    assert not RoleOffer.objects.exists()
    with_backup_code(megan, "wxyz2345")
    Client().post(LOGIN, sign_in_form(megan.email, code="wxyz2345"))
    assert history(fabrikam)[-1] == "administrator.signed_in"


def test_R63_who_accepted_and_works_elsewhere_is_still_not_signed_out_from_here(portal, megan, offer, contoso):
    theirs = signed_in(megan, contoso)
    theirs.post(ACCEPT, {"offer": str(offer.pk)})
    assert "Remove them instead" in text(portal.post(f"{LIST}{megan.pk}/sign-out/", follow=True))
    assert theirs.get("/admin/").status_code == 200


def test_R63_who_declines_leaves_neither_name_nor_network(portal, megan, offer, fabrikam):
    page = signed_in(megan).post(DECLINE, {"offer": str(offer.pk)}, follow=True)
    assert "You declined. Fabrikam sees that you did." in text(page)
    assert roles(megan, fabrikam) == set()
    with tenant_scope(fabrikam.id):
        line = AuditEntry.objects.get(action="administrator.offer_declined")
    assert (line.actor_name, line.source, line.actor_id) == ("megan@contoso.example", "", None)
    assert "not accepted yet" not in text(portal.get(LIST))


@pytest.mark.parametrize("answer", [ACCEPT, DECLINE], ids=["R63-accept", "R63-decline"])
def test_R63_nobody_answers_an_offer_that_is_not_theirs_or_gone(portal, adele, megan, offer, fabrikam, answer):
    for which in (str(offer.pk), str(megan.pk)):
        assert "answered or withdrawn meanwhile" in text(portal.post(answer, {"offer": which}, follow=True))
    assert portal.post(answer, {"offer": "none"}).status_code == 404
    assert roles(adele, fabrikam) == {"globalAdministrator"}
    assert RoleOffer.objects.count() == 1


def test_R63_an_offer_is_withdrawn_by_its_tenant_alone(portal, megan, offer, fabrikam, contoso):
    url = f"{LIST}offers/{offer.pk}/withdraw/"
    theirs = signed_in(megan, contoso)
    assert theirs.post(url).status_code == 404
    assert portal.get(url).status_code == 405
    assert "The offer to megan@contoso.example is withdrawn." in text(portal.post(url, follow=True))
    assert history(fabrikam)[-1] == "administrator.offer_withdrawn"
    assert "meanwhile" in text(theirs.post(ACCEPT, {"offer": str(offer.pk)}, follow=True))
    assert roles(megan, fabrikam) == set()


def test_R63_a_second_offer_and_an_offer_to_who_is_here_are_refused(portal, megan, offer, fabrikam):
    assert "has an offer here already" in text(portal.post(APPOINT, MEGAN))
    signed_in(megan).post(ACCEPT, {"offer": str(offer.pk)})
    assert "is an administrator here already" in text(portal.post(APPOINT, MEGAN))


def test_R63_an_account_that_never_chose_a_password_is_offered_alike_and_cannot_accept(
    portal, fabrikam, contoso, operator: Actor, now: Any
):
    """Whoever made that password could accept; and the answer must not tell whether they ever signed in."""
    with tenant_scope(contoso.id):
        made = appoint_administrator(
            tenant=contoso, email="megan@contoso.example", name="", roles=[Role.GUEST_INVITER], actor=operator, now=now
        )
    assert isinstance(made, Credentials)
    page = portal.post(APPOINT, MEGAN)
    assert "its owner decides" in text(page)
    Administrator.objects.update(must_change_password=False)
    theirs = signed_in(made.administrator)
    assert "offers you" not in text(theirs.get(CHOOSE))
    assert "meanwhile" in text(theirs.post(ACCEPT, {"offer": str(RoleOffer.objects.get().pk)}, follow=True))
    assert roles(made.administrator, fabrikam) == set()


def test_R63_the_form_tells_of_few_addresses_an_hour_whether_they_have_an_account(portal, megan, fabrikam):
    for number in range(APPOINTMENTS):
        assert portal.post(APPOINT, {**MEGAN, "email": f"a{number}@f.example"}).status_code == 200
    for email in (megan.email, "another@f.example"):
        page = text(portal.post(APPOINT, {**MEGAN, "email": email}))
        assert "You have appointed 10 people within an hour" in page
        assert "Try again from" in page
    assert not RoleOffer.objects.exists()
    assert not Administrator.objects.filter(email="another@f.example").exists()
    assert history(fabrikam).count("administrator.created") == APPOINTMENTS
    Budget.objects.all().delete()
    assert "its owner decides" in text(portal.post(APPOINT, MEGAN))


def test_R63_the_form_asks_nothing_about_an_account_before_a_turn_is_spent(portal, megan):
    page = text(portal.post(APPOINT, {**MEGAN, "roles_chosen": []}))
    assert "Choose at least one role." in page
    assert not Budget.objects.exists()
    assert page == text(portal.post(APPOINT, {**MEGAN, "roles_chosen": []})).replace("x", "x")
    unknown = text(portal.post(APPOINT, {**MEGAN, "email": "nobody@Contoso.example", "roles_chosen": []}))
    assert unknown == page


def test_R63_an_offered_global_administrator_is_not_counted_as_one(portal, adele, offer, fabrikam):
    assert "is the last Global Administrator" in text(portal.post(f"{LIST}{adele.pk}/remove/"))
    assert roles(adele, fabrikam) == {"globalAdministrator"}


def test_R63_a_reader_sees_the_offers_and_no_button(as_role, offer):
    reader = as_role(Role.GLOBAL_READER)
    assert "megan@contoso.example" in text(reader.get(LIST))
    assert "Withdraw the offer" not in reader.get(LIST).content.decode()
    assert reader.post(f"{LIST}offers/{offer.pk}/withdraw/").status_code == 403


def test_R63_another_tenant_sees_no_offer(contosos, offer):
    assert "not accepted yet" not in text(contosos.get(LIST))


# --- operators' commands ------------------------------------------------------------------------------------------


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, "--tenant", "fabrikam.example", stdout=out, no_color=True)
    return out.getvalue()


def test_R63_an_operator_admits_at_once_and_the_offer_ends(megan, offer, fabrikam):
    assert "megan@contoso.example  Global Administrator, Helpdesk Administrator  (offered" in run("administrators")
    printed = run("create_administrator", megan.email, "--role", "reportsReader")
    assert "signs in as before" in printed
    assert roles(megan, fabrikam) == {"reportsReader"}
    assert not RoleOffer.objects.exists()


def test_R63_an_operator_withdraws_an_offer(megan, offer, fabrikam):
    assert "is withdrawn" in run("remove_administrator", megan.email)
    assert history(fabrikam)[-1] == "administrator.offer_withdrawn"


def test_R63_an_operator_admits_nobody_whose_password_somebody_else_made(megan, fabrikam):
    Administrator.objects.filter(pk=megan.pk).update(must_change_password=True)
    with pytest.raises(CommandError, match="has not chosen a password of their own yet"):
        run("create_administrator", megan.email)
    assert roles(megan, fabrikam) == set()
    assert history(fabrikam) == []
