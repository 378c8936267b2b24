"""Self-service sign-up in the portal: off until somebody opens it, and said plainly what that means (R39a, R33)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from applications.models import Application
from applications.operations import add_application, close_sign_up, open_sign_up
from providers.operations import add_identity_provider, disable_microsoft_account, set_email_passcode
from providers.rules import Method, PasscodeState
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Refusal
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.portal import text
from tests.providers import given

URL = "https://suppliers.fabrikam.example/"


@pytest.fixture
def supplier(fabrikam: Tenant, operator: Actor, now: datetime) -> Application:
    """Fabrikam's one application."""
    with tenant_scope(fabrikam.id):
        made = add_application(
            tenant=fabrikam, name="Supplier portal", description="Orders", url=URL, actor=operator, now=now
        )
    assert isinstance(made, Application)
    return made


def page_of(application: Application) -> str:
    return reverse("admin:applications_application_change", args=[application.pk])


def stored(application: Application) -> tuple[bool, list[str]]:
    with tenant_scope(application.tenant_id):
        row = Application.objects.get(pk=application.pk)
    return row.is_sign_up_open, row.sign_up_methods


def choices(answer: Any) -> list[str]:
    """The methods that the page offers."""
    return [value for value, _ in answer.context["form"].fields["methods"].choices]


def test_R39a_it_is_off_by_default_and_the_page_says_what_on_means(portal: Client, supplier: Application) -> None:
    answer = portal.get(page_of(supplier))
    said = text(answer)
    assert stored(supplier) == (False, [])
    assert not answer.context["form"].initial["is_open"]
    assert "mails codes to any address that somebody types there" in said
    assert "Addresses of every domain are taken" in said
    assert "For who is a guest already, turning it on or off changes nothing." in said


def test_R39a_opening_it_by_passcode_shows_the_public_link_and_leaves_a_line(
    portal: Client, supplier: Application, adele: Any, settings: Any
) -> None:
    answer = portal.post(page_of(supplier), {"is_open": "on", "methods": ["emailOneTimePasscode"]}, follow=True)
    assert "Anybody can become a guest for Supplier portal now." in text(answer)
    assert stored(supplier) == (True, ["emailOneTimePasscode"])
    inside = portal.get(page_of(supplier), headers={"host": "127.0.0.1:9000"})
    assert f"{settings.PUBLIC_URL}{supplier.sign_up_path}" in inside.content.decode(), "wherever the portal was opened"
    assert "sign-ups in progress" in text(answer)
    with tenant_scope(supplier.tenant_id):
        line = AuditEntry.objects.get(action="application.sign_up_opened")
    assert (line.actor_id, line.subject_id) == (adele.pk, supplier.pk)
    assert line.details["methods"] == ["emailOneTimePasscode"]
    assert "Open" in text(portal.get(reverse("admin:applications_application_changelist")))


def test_R39a_closing_it_keeps_the_methods_for_another_time(portal: Client, supplier: Application) -> None:
    portal.post(page_of(supplier), {"is_open": "on", "methods": ["emailOneTimePasscode"]})
    answer = portal.post(page_of(supplier), {"methods": ["emailOneTimePasscode"]}, follow=True)
    assert "Only who is invited can become a guest for Supplier portal." in text(answer)
    assert stored(supplier) == (False, ["emailOneTimePasscode"])
    portal.post(page_of(supplier), {"methods": ["emailOneTimePasscode"]})  # twice changes nothing
    with tenant_scope(supplier.tenant_id):
        assert AuditEntry.objects.filter(action="application.sign_up_closed").count() == 1


@pytest.mark.parametrize("methods", [[], ["google"], ["facebook"], ["azureActiveDirectory"], ["none"], ["x" * 300]])
def test_R39a_it_refuses_no_method_and_what_does_not_work_here(
    portal: Client, supplier: Application, methods: list[str]
) -> None:
    answer = portal.post(page_of(supplier), {"is_open": "on", "methods": methods})
    assert answer.status_code == 200
    assert "<title>Error: " in answer.content.decode()
    assert stored(supplier) == (False, [])


def test_R33_R39a_only_what_works_here_is_listed_and_facebook_among_it(
    portal: Client, supplier: Application, fabrikam: Tenant, operator: Actor, now: datetime, settings: Any
) -> None:
    assert choices(portal.get(page_of(supplier))) == ["emailOneTimePasscode"]
    settings.ENTRA_CLIENT_ID = settings.MICROSOFT_ACCOUNT_CLIENT_ID = "an-id"
    with tenant_scope(fabrikam.id):
        for kind in ("facebook", "google"):
            added = add_identity_provider(
                kind=kind,
                name=kind,
                domains=[],
                settings=given.settings(kind),
                secret=given.secret(kind),
                actor=operator,
                now=now,
            )
            assert not isinstance(added, Refusal)
    everything = ["emailOneTimePasscode", "google", "facebook", "microsoftAccount", "azureActiveDirectory"]
    answer = portal.get(page_of(supplier))
    assert choices(answer) == everything
    assert "Facebook (for sign-up only)" in text(answer)
    with tenant_scope(fabrikam.id):
        disable_microsoft_account(actor=operator, now=now)
    assert "microsoftAccount" not in choices(portal.get(page_of(supplier)))


def test_R39a_passcodes_are_listed_only_while_they_are_on(
    portal: Client, supplier: Application, fabrikam: Tenant, operator: Actor, now: datetime
) -> None:
    with tenant_scope(fabrikam.id):
        set_email_passcode(state=PasscodeState.DISABLED, actor=operator, now=now)
    answer = portal.get(page_of(supplier))
    assert choices(answer) == []
    assert "Email one-time passcode is off in this tenant now" in text(answer)
    portal.post(page_of(supplier), {"is_open": "on", "methods": ["emailOneTimePasscode"]})
    assert stored(supplier) == (False, [])


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ({"allowed_domains": ["corp.example"]}, "Only these domains are taken: corp.example"),
        ({"denied_domains": ["evil.example"]}, "All domains are taken but these: evil.example"),
    ],
)
def test_R53_the_page_says_which_domains_are_taken(
    portal: Client, supplier: Application, fabrikam: Tenant, lists: dict[str, list[str]], said: str
) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(**lists)
    assert said in text(portal.get(page_of(supplier)))


@pytest.mark.parametrize("role", list(Role), ids=lambda role: f"R63-{role.value}")
def test_R63_who_may_not_manage_applications_changes_nothing(as_role: Any, supplier: Application, role: Role) -> None:
    client = as_role(role)
    may = role == Role.GLOBAL_ADMINISTRATOR
    shown = client.get(page_of(supplier))
    if shown.status_code == 200:
        assert ("Save" in shown.content.decode()) is may
    else:
        assert shown.status_code == 403
    answer = client.post(page_of(supplier), {"is_open": "on", "methods": ["emailOneTimePasscode"]})
    assert answer.status_code == (302 if may else 403)
    assert stored(supplier)[0] is may


def test_B5_another_tenants_application_is_not_there(
    contosos: Client, contoso: Tenant, supplier: Application, operator: Actor, now: datetime
) -> None:
    assert contosos.get(page_of(supplier)).status_code == 404
    said = {"is_open": "on", "methods": ["emailOneTimePasscode"]}
    assert contosos.post(page_of(supplier), said).status_code == 404
    with tenant_scope(contoso.id):
        for outcome in (
            open_sign_up(application_id=supplier.pk, methods=[Method.PASSCODE], actor=operator, now=now),
            close_sign_up(application_id=supplier.pk, actor=operator, now=now),
        ):
            assert isinstance(outcome, Refusal)
    assert stored(supplier) == (False, [])
