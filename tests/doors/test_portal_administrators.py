"""R63: Global Administrators appoint, change, sign out and remove administrators; others look, or see nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tenants.models import Administrator, AuditEntry, RoleAssignment, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import app_of, handed_over, sign_in_form, signed_in, text, with_backup_code

LIST = "/admin/tenants/administrator/"
APPOINT = "/admin/tenants/administrator/appoint/"
LOGIN = "/admin/login/"
OWN = "/admin/account/password/"
NEW = "a long and fresh password"
DIEGO = {"email": "Diego@Fabrikam.example", "name": "Diego Siciliani", "roles_chosen": ["helpdeskAdministrator"]}


def page_of(who: Administrator, name: str = "change") -> str:
    known = "tenants_administrator" if name in ("change", "history") else "administrators"
    return reverse(f"admin:{known}_{name}", args=[who.pk])


def history(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def roles(who: Administrator, tenant: Tenant) -> set[str]:
    return set(RoleAssignment.objects.filter(administrator=who, tenant=tenant).values_list("role", flat=True))


@pytest.fixture
def omar(fabrikam: Tenant) -> Administrator:
    """Another Global Administrator of Fabrikam."""
    return factories.administrator(
        "omar@fabrikam.example", (fabrikam, Role.GLOBAL_ADMINISTRATOR), (fabrikam, Role.GUEST_INVITER), name="Omar"
    )


# --- the list -----------------------------------------------------------------------------------------------------


def test_R63_the_list_has_one_line_a_person_with_all_their_roles_here(portal, adele, omar, contoso):
    RoleAssignment.objects.create(administrator=omar, tenant=contoso, role=Role.REPORTS_READER)
    app_of(omar)
    page = text(portal.get(LIST))
    assert page.count("omar@fabrikam.example") == 1
    assert "Global Administrator, Guest Inviter Authenticator app Never" in page
    assert "Backup codes only" in page
    assert "Reports Reader" not in page
    assert "2 administrators" in page


def test_R63_the_list_says_when_somebody_last_came(portal, omar):
    with_backup_code(omar)
    Client().post(LOGIN, sign_in_form(omar.email))  # the last code that they had
    assert re.search(r"None left \d+ \w+, \d\d:\d\d", text(portal.get(LIST)))


def test_R63_the_lists_statements_do_not_grow_with_the_people(portal, fabrikam, django_assert_max_num_queries):
    for number in range(5):
        factories.administrator(f"a{number}@fabrikam.example", (fabrikam, Role.GUEST_INVITER))
    with django_assert_max_num_queries(14):
        portal.get(LIST)


def test_R63_it_is_found_by_how_the_email_begins_and_not_by_another_tenant(portal, contosos, omar):
    assert "omar@" in text(portal.get(f"{LIST}?q=OMA"))
    assert "omar@" not in text(portal.get(f"{LIST}?q=mar"))
    assert "omar@" not in text(contosos.get(f"{LIST}?q=oma"))


# --- appointing ---------------------------------------------------------------------------------------------------


def test_R63_appointing_shows_the_credentials_once_and_keeps_them_nowhere(portal, fabrikam, adele):
    page = portal.post(APPOINT, DIEGO)
    password, codes = handed_over(page)
    made = Administrator.objects.get(email="diego@fabrikam.example")
    assert (made.name, made.must_change_password, made.is_superuser) == ("Diego Siciliani", True, False)
    assert made.check_password(password)
    assert len(codes) == 3
    assert roles(made, fabrikam) == {"helpdeskAdministrator"}
    assert "Helpdesk Administrator" in text(page)
    assert history(fabrikam)[-2:] == ["administrator.created", "administrator.role_assigned"]
    with tenant_scope(fabrikam.id):
        written = str(list(AuditEntry.objects.values()))
        line = AuditEntry.objects.get(action="administrator.created")
    assert line.actor_id == adele.pk
    everywhere = written + portal.get(LIST).content.decode() + portal.get(page_of(made)).content.decode()
    for secret in (password, *codes):
        assert secret not in everywhere


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        pytest.param({"email": "no address"}, "spaces", id="no address"),
        pytest.param({"email": ""}, "Whom do you want to appoint?", id="no email"),
        pytest.param({"roles_chosen": []}, "Choose at least one role.", id="no role"),
        pytest.param({"roles_chosen": ["doorkeeper"]}, "One of these roles does not exist.", id="unknown role"),
        pytest.param({"email": "adele@FABRIKAM.example"}, "is an administrator here already", id="here already"),
    ],
)
def test_R63_appointing_refuses_with_the_fix_and_keeps_what_was_typed(portal, fabrikam, typed, says):
    page = portal.post(APPOINT, {**DIEGO, **typed})
    assert page.status_code == 200
    assert says in text(page)
    assert "Diego Siciliani" in page.content.decode()
    assert Administrator.objects.count() == 1
    assert history(fabrikam) == []


def test_R63_each_role_stands_there_with_a_sentence(portal):
    page = text(portal.get(APPOINT))
    assert "Helpdesk Administrator May see guests and invitations; reset the redemption status" in page
    assert "Global Administrator May do everything here" in page


# --- changing roles -----------------------------------------------------------------------------------------------


def save(portal: Client, who: Administrator, before: str, *wanted: Role) -> Any:
    return portal.post(page_of(who), {"before": before, "roles_chosen": [role.value for role in wanted]})


def test_R63_roles_are_changed_in_one_line_of_history_and_hold_at_the_next_click(portal, omar, fabrikam):
    theirs = signed_in(omar)
    assert theirs.get(APPOINT).status_code == 200
    answer = save(portal, omar, "globalAdministrator guestInviter", Role.REPORTS_READER, Role.GUEST_INVITER)
    assert answer["Location"] == page_of(omar)
    assert roles(omar, fabrikam) == {"reportsReader", "guestInviter"}
    assert theirs.get(APPOINT).status_code == 403
    with tenant_scope(fabrikam.id):
        line = AuditEntry.objects.order_by("id").last()
    assert line is not None
    assert line.action == "administrator.roles_changed"
    assert line.details == {
        "before": ["globalAdministrator", "guestInviter"],
        "after": ["guestInviter", "reportsReader"],
    }


def test_R63_the_same_roles_again_change_nothing(portal, omar, fabrikam):
    save(portal, omar, "globalAdministrator guestInviter", Role.GLOBAL_ADMINISTRATOR, Role.GUEST_INVITER)
    assert history(fabrikam) == []


def test_R63_roles_that_somebody_else_changed_meanwhile_are_not_overwritten(portal, omar, fabrikam):
    page = save(portal, omar, "guestInviter", Role.REPORTS_READER)
    assert "changed meanwhile" in text(page)
    assert len(roles(omar, fabrikam)) == 2


def test_R63_the_last_global_administrator_keeps_the_role(portal, adele, fabrikam):
    factories.administrator("off@f.example", (fabrikam, Role.GLOBAL_ADMINISTRATOR), is_active=False)
    page = save(portal, adele, "globalAdministrator", Role.GUEST_INVITER)
    assert "is the last Global Administrator of Fabrikam. Appoint another one first." in text(page)
    page = portal.post(page_of(adele, "remove"))
    assert "is the last Global Administrator" in text(page)
    assert roles(adele, fabrikam) == {"globalAdministrator"}
    assert history(fabrikam) == []


def test_R63_a_global_administrator_who_never_chose_a_password_does_not_count(portal, adele, fabrikam):
    """A mistyped appointee and a removal of oneself would leave nobody who can sign in."""
    page = portal.post(APPOINT, {**DIEGO, "email": "adelle@fabrikam.example", "roles_chosen": ["globalAdministrator"]})
    handed_over(page)
    for refused in (
        portal.post(page_of(adele, "remove")),
        save(portal, adele, "globalAdministrator", Role.GUEST_INVITER),
    ):
        assert "is the last Global Administrator of Fabrikam. Appoint another one first." in text(refused)
    assert roles(adele, fabrikam) == {"globalAdministrator"}
    Administrator.objects.update(must_change_password=False)
    assert portal.post(page_of(adele, "remove")).status_code == 302


def test_R63_an_operator_cannot_take_the_last_one_either(adele, fabrikam):
    olga = signed_in(factories.administrator("olga@operator.example", is_superuser=True), fabrikam)
    assert "is the last Global Administrator" in text(olga.post(page_of(adele, "remove")))
    assert roles(adele, fabrikam) == {"globalAdministrator"}


# --- removing and signing out -------------------------------------------------------------------------------------


def test_R63_who_is_removed_finds_nothing_at_the_next_click_and_keeps_other_tenants(portal, omar, fabrikam, contoso):
    RoleAssignment.objects.create(administrator=omar, tenant=contoso, role=Role.GLOBAL_READER)
    theirs = signed_in(omar, fabrikam)
    assert theirs.get("/admin/guests/guest/").status_code == 200
    page = text(portal.get(page_of(omar, "remove")))
    assert "Guest Inviter of Fabrikam" in page
    assert "Contoso" not in page
    assert portal.post(page_of(omar, "remove"))["Location"] == LIST
    assert theirs.get("/admin/guests/guest/")["Location"].startswith("/admin/tenant/")
    assert roles(omar, contoso) == {"globalReader"}
    assert history(fabrikam)[-1] == "administrator.removed"
    assert history(contoso) == []
    assert "omar@" not in text(portal.get(LIST))


def test_R63_one_of_two_may_remove_themself(portal, adele, omar, fabrikam):
    assert portal.post(page_of(adele, "remove"))["Location"] == "/admin/tenant/"
    assert "no role in any tenant" in text(portal.get("/admin/tenant/"))
    assert roles(adele, fabrikam) == set()


def test_R63_another_administrator_is_signed_out_everywhere(portal, omar, fabrikam):
    theirs = [signed_in(omar, fabrikam), signed_in(omar, fabrikam)]
    assert [one.get("/admin/").status_code for one in theirs] == [200, 200]
    portal.post(page_of(omar, "sign_out"))
    assert [one.get("/admin/")["Location"].startswith(LOGIN) for one in theirs] == [True, True]
    assert portal.get("/admin/").status_code == 200
    assert history(fabrikam)[-1] == "administrator.signed_out_everywhere"
    omar.refresh_from_db()
    assert signed_in(omar, fabrikam).get("/admin/").status_code == 200


def test_R63_who_works_elsewhere_too_is_not_signed_out_from_here(portal, omar, fabrikam, contoso):
    RoleAssignment.objects.create(administrator=omar, tenant=contoso, role=Role.GLOBAL_READER)
    theirs = signed_in(omar, contoso)
    page = text(portal.post(page_of(omar, "sign_out"), follow=True))
    assert "Remove them instead" in page
    assert "Contoso" not in page
    assert theirs.get("/admin/").status_code == 200
    assert (history(fabrikam), history(contoso)) == ([], [])


def test_R63_an_operator_with_a_role_here_is_not_signed_out_from_here(portal, omar, fabrikam):
    Administrator.objects.filter(pk=omar.pk).update(is_superuser=True)
    theirs = signed_in(omar, fabrikam)
    assert "Remove them instead" in text(portal.post(page_of(omar, "sign_out"), follow=True))
    assert theirs.get("/admin/").status_code == 200


def test_R63_ones_own_other_sessions_end_in_a_line_of_every_tenant(omar, fabrikam, contoso):
    RoleAssignment.objects.create(administrator=omar, tenant=contoso, role=Role.GLOBAL_READER)
    signed_in(omar, fabrikam).post("/admin/account/sign-out-others/")
    assert history(fabrikam) == history(contoso) == ["administrator.signed_out_everywhere"]


def test_R63_signing_out_takes_a_POST(portal, omar):
    assert portal.get(page_of(omar, "sign_out")).status_code == 405


# --- who may not --------------------------------------------------------------------------------------------------


def test_R63_a_reader_sees_the_administrators_and_no_button(as_role, omar):
    reader = as_role(Role.GLOBAL_READER)
    assert "Appoint an administrator" not in text(reader.get(LIST))
    page = reader.get(page_of(omar)).content.decode()
    assert "Guest Inviter" in page
    assert "Save roles" not in page
    assert "Sign out everywhere" not in page
    assert "/remove/" not in page
    assert page_of(omar, "history") in page
    for forced in (page_of(omar), page_of(omar, "remove"), page_of(omar, "sign_out"), APPOINT):
        assert reader.post(forced, DIEGO).status_code == 403


def test_R63_another_tenants_administrator_is_not_there(contosos, omar, fabrikam):
    for name in ("change", "history", "remove"):
        assert contosos.get(page_of(omar, name)).status_code == 404, name
    for name in ("change", "remove", "sign_out"):
        assert contosos.post(page_of(omar, name), {"roles_chosen": ["globalReader"]}).status_code == 404, name
    assert len(roles(omar, fabrikam)) == 2
    assert Administrator.objects.get(pk=omar.pk).session_epoch == 0
