"""R63: another tenant's word for who somebody is opens nothing here; an operator says whose an account is."""

from __future__ import annotations

import importlib
import io
import sys
from datetime import datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from tenants import audit
from tenants.administering import create_operator, remove_administrator
from tenants.audit import Actor, ActorKind
from tenants.credentials import Credentials
from tenants.models import Administrator, AuditEntry, RoleAssignment, RoleOffer, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import handed_over, signed_in, text

APPOINT = "/admin/tenants/administrator/appoint/"
CHOOSE, ACCEPT = "/admin/tenant/", "/admin/tenant/offer/accept/"
OMAR = {"email": "omar@fabrikam.example", "name": "Omar", "roles_chosen": ["guestInviter"]}
OWN = "a password nobody else has seen"


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out, stderr=out, no_color=True)
    return out.getvalue()


def actions(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def roles(who: Administrator, tenant: Tenant) -> set[str]:
    return set(RoleAssignment.objects.filter(administrator=who, tenant=tenant).values_list("role", flat=True))


def answers(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))


@pytest.fixture
def omar(contosos: Client) -> Administrator:
    """Whom a Global Administrator of Contoso made under an address of Fabrikam's, and plays."""
    password, _ = handed_over(contosos.post(APPOINT, OMAR))
    made = Administrator.objects.get(email=OMAR["email"])
    form = {"old_password": password, "new_password1": OWN, "new_password2": OWN}
    assert "new backup codes" in text(signed_in(made).post("/admin/account/password/", form))
    return Administrator.objects.get(pk=made.pk)


def test_R63_who_made_an_account_under_anothers_address_is_offered_nothing_of_another_tenant(
    portal, omar, fabrikam, contoso
):
    page = portal.post(APPOINT, {**OMAR, "roles_chosen": ["globalAdministrator"]})
    assert "its owner decides" in text(page)
    assert "Contoso" not in page.content.decode()
    theirs, offer = signed_in(omar, contoso), RoleOffer.objects.get()
    assert offer.is_open
    assert "offers you" not in text(theirs.get(CHOOSE))
    assert "meanwhile" in text(theirs.post(ACCEPT, {"offer": str(offer.pk)}, follow=True))
    assert roles(omar, fabrikam) == set()


def test_R63_the_tenant_sees_the_same_whoever_made_the_account(portal, omar, fabrikam):
    known = factories.administrator("kim@f.example")
    pages = [text(portal.post(APPOINT, {**OMAR, "email": email})) for email in (omar.email, known.email)]
    assert pages[0].replace(omar.email, "…") == pages[1].replace(known.email, "…")
    listed = text(portal.get("/admin/tenants/administrator/"))
    assert f"{omar.email} Guest Inviter" in listed
    assert "confirm" not in listed.lower()


def test_R63_an_operators_word_opens_the_offer_and_is_told_where_they_work(portal, omar, fabrikam, contoso):
    portal.post(APPOINT, OMAR)
    before = Administrator.objects.get(pk=omar.pk)
    assert "(offered, waits until confirm_administrator" in run("administrators", "--tenant", "fabrikam.example")
    assert "is confirmed" in run("confirm_administrator", "Omar@fabrikam.example", "--yes")
    after = Administrator.objects.get(pk=omar.pk)
    assert (after.password, after.session_epoch) == (before.password, before.session_epoch)
    assert actions(contoso)[-1] == "administrator.confirmed"
    assert actions(fabrikam) == ["administrator.offered"]
    assert "(offered, not accepted yet)" in run("administrators", "--tenant", "fabrikam.example")
    theirs = signed_in(omar)
    assert "Fabrikam offers you" in text(theirs.get(CHOOSE))
    theirs.post(ACCEPT, {"offer": str(RoleOffer.objects.get().pk)})
    assert roles(omar, fabrikam) == {"guestInviter"}


def test_R63_the_tenant_that_made_an_account_offers_it_roles_again(contosos, omar, contoso, operator, now):
    with tenant_scope(contoso.id):
        remove_administrator(tenant=contoso, administrator=omar, actor=operator, now=now)
    contosos.post(APPOINT, OMAR)
    assert "Contoso offers you" in text(signed_in(omar).get(CHOOSE))


def test_R63_whom_an_operator_made_is_confirmed_with_it(portal, fabrikam, contoso):
    run("create_administrator", "omar@fabrikam.example", "--tenant", "contoso.example")
    Administrator.objects.filter(email="omar@fabrikam.example").update(must_change_password=False)
    portal.post(APPOINT, OMAR)
    assert "Fabrikam offers you" in text(signed_in(Administrator.objects.get(email=OMAR["email"])).get(CHOOSE))


def test_R63_a_confirmation_asks_first_and_refuses_who_chose_no_password(monkeypatch, omar, contoso):
    answers(monkeypatch, "no\n")
    with pytest.raises(CommandError, match="Nothing was changed"):
        run("confirm_administrator", omar.email)
    Administrator.objects.filter(pk=omar.pk).update(must_change_password=True)
    with pytest.raises(CommandError, match="has not chosen a password of their own yet"):
        run("confirm_administrator", omar.email, "--yes")
    assert not Administrator.objects.get(pk=omar.pk).is_confirmed
    Administrator.objects.filter(pk=omar.pk).update(must_change_password=False)
    answers(monkeypatch, "yes\n")
    run("confirm_administrator", omar.email)
    with pytest.raises(CommandError, match="is confirmed already"):
        run("confirm_administrator", omar.email, "--yes")
    assert actions(contoso).count("administrator.confirmed") == 1


def test_R63_an_operator_is_asked_before_such_an_account_gets_a_role(monkeypatch, capsys, omar, fabrikam, contoso):
    give = ("create_administrator", omar.email, "--tenant", "fabrikam.example", "--role", "guestInviter")
    answers(monkeypatch, "no\n")
    with pytest.raises(CommandError, match="Nothing was changed"):
        run(*give)
    answers(monkeypatch, "")
    with pytest.raises(CommandError, match="--yes"):
        run(*give)
    assert roles(omar, fabrikam) == set()
    answers(monkeypatch, "yes\n")
    assert f"Contoso made this account, and no operator confirmed that it is the person's of {omar.email}" in run(*give)
    assert roles(omar, fabrikam) == {"guestInviter"}
    answers(monkeypatch, "")
    run(*give[:2], "--tenant", "contoso.example", "--role", "guestInviter")  # its own: nobody is asked
    run("create_administrator", omar.email, "--tenant", "fabrikam.example", "--role", "reportsReader", "--yes")
    assert roles(omar, fabrikam) == {"guestInviter", "reportsReader"}


def test_R63_accounts_that_are_there_are_known_by_the_line_that_was_written_with_them(
    fabrikam, contoso, operator: Actor, now: datetime
):
    def there(email: str, maker: Actor | None) -> Administrator:
        made = factories.administrator(email, (fabrikam, Role.GUEST_INVITER), is_confirmed=False)
        if maker is not None:
            with tenant_scope(contoso.id):
                audit.record(
                    actor=maker,
                    action="administrator.created",
                    at=now,
                    subject_kind="administrator",
                    subject_id=made.pk,
                )
        return made

    adele = Actor(ActorKind.ADMINISTRATOR, "adele@contoso.example")
    by_operator, by_tenant, forgotten = (
        there("a@f.example", operator),
        there("b@f.example", adele),
        there("c@f.x", None),
    )
    olga = create_operator(email="olga@f.example", name="Olga")
    assert isinstance(olga, Credentials)
    Administrator.objects.filter(pk=olga.administrator.pk).update(is_confirmed=False)
    with transaction.atomic(), connection.cursor() as cursor:  # as a migration runs
        cursor.execute(importlib.import_module("tenants.migrations.0010_accounts_made").MARK)
    found = {one.pk: (one.made_in_id, one.is_confirmed) for one in Administrator.objects.all()}
    assert found[by_operator.pk] == (contoso.id, True)
    assert found[by_tenant.pk] == (contoso.id, False)
    assert found[forgotten.pk] == (None, False)
    assert found[olga.administrator.pk] == (None, True)
