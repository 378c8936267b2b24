"""What a tenant shares, in the portal and at the shell: listed, added, removed, and seen by nobody else."""

from __future__ import annotations

import uuid

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from applications.models import Application
from applications.operations import add_application
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Refusal
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.portal import text

LIST = "/admin/applications/application/"
ADD = f"{LIST}share/"
TYPED = {
    "name": "Expense reports",
    "description": "Hand in receipts.",
    "url": "https://expenses.fabrikam.example/start",
}


@pytest.fixture
def expenses(fabrikam, operator, now) -> Application:
    """Fabrikam's one application."""
    with tenant_scope(fabrikam.id):
        made = add_application(tenant=fabrikam, **TYPED, actor=operator, now=now)
    assert isinstance(made, Application)
    return made


def remove_url(application: Application) -> str:
    return reverse("admin:applications_remove", args=[application.pk])


def stored(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return sorted(Application.objects.values_list("name", flat=True))


def test_R37c_the_list_shows_the_whole_direct_link_for_copying(portal, expenses, fabrikam, settings):
    settings.PUBLIC_URL = "https://guests.example.org"
    page = portal.get(LIST).content.decode()
    link = f"https://guests.example.org/signin/Expense%20reports/{expenses.pk}?tenantId={fabrikam.pk}"
    assert f"<code>{link}</code>" in page
    assert portal.get(link.removeprefix("https://guests.example.org")).status_code == 200


def test_R39_adding_one_shares_it_registers_its_origin_and_leaves_a_line(portal, adele, fabrikam):
    answer = portal.post(ADD, TYPED, follow=True)
    assert "Expense reports is shared with every guest of the tenant." in text(answer)
    assert stored(fabrikam) == ["Expense reports"]
    fabrikam.refresh_from_db()
    assert fabrikam.landing_origins == ["https://expenses.fabrikam.example"]
    with tenant_scope(fabrikam.id):
        line = AuditEntry.objects.get(action="application.added")
    assert (line.actor_id, line.details["name"]) == (adele.pk, "Expense reports")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"name": ""}, "Name the application.", id="R39-no name"),
        pytest.param({"name": "x" * 101}, "has 101 characters. Shorten it to 100.", id="R39-too long a name"),
        pytest.param({"url": "javascript:alert(1)"}, "the whole address", id="R39-no address"),
        pytest.param({"url": "https://a.example\\@b.example/"}, "", id="R39-an address read in two ways"),
        pytest.param({"url": "ftp://files.example/"}, "must begin with https://", id="R39-no web address"),
        pytest.param({}, "called Expense reports already", id="R39-a name that is taken"),
    ],
)
def test_R39_it_refuses_with_the_reason_and_keeps_what_was_typed(portal, expenses, fabrikam, change, said):
    page = portal.post(ADD, {**TYPED, **change})
    assert page.status_code == 200
    assert said in text(page)
    assert "<title>Error: " in page.content.decode()
    assert "Hand in receipts." in page.content.decode()
    assert stored(fabrikam) == ["Expense reports"]


@pytest.mark.parametrize("name", ["R/D", ".", "..", "//", "Spesen & Reisen?", "経費"], ids=lambda name: f"R37c-{name}")
def test_R37c_a_direct_link_holds_for_every_name(portal, fabrikam, name):
    portal.post(ADD, {**TYPED, "name": name})
    assert stored(fabrikam) == [name]
    assert portal.get(LIST).status_code == 200
    with tenant_scope(fabrikam.id):
        link = Application.objects.get().direct_link
    answer = portal.get(link[link.index("/signin/") :])
    assert answer.status_code == 200
    assert "Sign in to Fabrikam" in text(answer)


def test_R37c_removing_says_first_what_ends_and_then_ends_it(portal, adele, expenses, fabrikam):
    shown = text(portal.get(remove_url(expenses)))
    assert "Remove Expense reports" in shown
    assert expenses.direct_link in shown
    assert stored(fabrikam) == ["Expense reports"]
    answer = portal.post(remove_url(expenses), follow=True)
    assert "Expense reports is no longer shared." in text(answer)
    assert stored(fabrikam) == []
    with tenant_scope(fabrikam.id):
        line = AuditEntry.objects.get(action="application.removed")
    assert (line.actor_id, line.subject_id, line.details) == (adele.pk, expenses.pk, {"name": "Expense reports"})
    link = expenses.direct_link
    assert portal.get(link[link.index("/signin/") :]).status_code == 404
    assert portal.post(remove_url(expenses)).status_code == 404


@pytest.mark.parametrize(
    "role", [role for role in Role if role != Role.GLOBAL_ADMINISTRATOR], ids=lambda role: f"R63-{role.value}"
)
def test_R63_who_may_not_remove_sees_no_link_to_it_and_is_refused(as_role, expenses, fabrikam, role):
    client = as_role(role)
    assert remove_url(expenses) not in client.get(LIST).content.decode()
    assert client.get(remove_url(expenses)).status_code == 403
    assert client.post(remove_url(expenses)).status_code == 403
    assert stored(fabrikam) == ["Expense reports"]


def test_R63_another_tenants_application_is_not_there(contosos, expenses, fabrikam):
    assert "Expense reports" not in contosos.get(LIST).content.decode()
    unknown = reverse("admin:applications_remove", args=[uuid.uuid4()])
    for page in (remove_url(expenses), unknown, f"{LIST}{expenses.pk}/change/"):
        assert contosos.get(page).status_code == 404, page
    assert contosos.post(remove_url(expenses)).status_code == 404
    assert stored(fabrikam) == ["Expense reports"]


# manage.py add_application


def words(**change: str) -> list[str]:
    given = {"tenant": "fabrikam.example", "name": TYPED["name"], "url": TYPED["url"], **change}
    return [word for name, value in given.items() for word in (f"--{name}", value)]


def test_R37c_add_application_prints_the_direct_link(fabrikam, capsys):
    call_command("add_application", *words())
    with tenant_scope(fabrikam.id):
        assert capsys.readouterr().out.strip() == Application.objects.get().direct_link
        assert AuditEntry.objects.get(action="application.added").actor_kind == "operator"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"name": " "}, "name: This field cannot be blank", id="R39-no name"),
        pytest.param({"name": "x" * 101}, "at most 100 characters", id="R39-too long a name"),
        pytest.param({"description": "x" * 201}, "at most 200 characters", id="R39-too long a description"),
        pytest.param({"url": "ftp://files.example/"}, "https://", id="R39-no web address"),
        pytest.param({"url": f"https://a.example/{'x' * 2000}"}, "https://", id="R39-too long an address"),
        pytest.param({"tenant": "contoso.example"}, "doctor", id="R37a-no such tenant"),
    ],
)
def test_R39_add_application_refuses_in_one_sentence(fabrikam, change, said):
    with pytest.raises(CommandError, match=said):
        call_command("add_application", *words(**change))
    assert stored(fabrikam) == []


def test_R37c_both_doors_make_the_same_application(portal, fabrikam, contoso, operator, now):
    portal.post(ADD, TYPED)
    call_command("add_application", *words(tenant="contoso.example", description=TYPED["description"]))
    rows = []
    for tenant in (fabrikam, contoso):
        with tenant_scope(tenant.id):
            rows += list(Application.objects.values("name", "description", "url", "is_first_party"))
            again = add_application(tenant=tenant, **TYPED, actor=operator, now=now)
            assert isinstance(again, Refusal)
    assert rows[0] == rows[1]
