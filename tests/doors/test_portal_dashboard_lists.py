"""Each number of the portal's first page is the number of its list (R62), also where something stands beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from guests.models import Batch, BatchKind, BatchState, Guest
from providers.models import IdentityProvider
from tenants.catalogue import CATALOGUE
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Code
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.portal import accepted, text
from tests.doors.test_portal_dashboard import DASHBOARD, links
from tests.guests.summing import summed_up

LOG = "/admin/tenants/auditentry/"
NOW = datetime.now(UTC)

Write = Callable[..., None]


@pytest.fixture
def write(fabrikam: Tenant) -> Write:
    """A line of the history."""

    def written(action: str, outcome: str, kind: str, **columns: Any) -> None:
        known = {"actor_kind": kind, "outcome": outcome, "at": NOW, "happened_at": NOW}
        with tenant_scope(fabrikam.id):
            AuditEntry.objects.create(tenant=fabrikam, action=action, **known, **columns)

    return written


@pytest.mark.django_db(transaction=True)
def test_R62_the_refusals_of_visitors_are_those_of_their_list(
    portal: Client, contosos: Client, fabrikam: Tenant, nicole: Guest, write: Write
) -> None:
    for kind in ("guest", "stranger", "stranger", "administrator"):
        write("sign_in.begun", "refused", kind, code="E-BLOCKED")
    write("sign_in.begun", "failed", "stranger", code="E-BLOCKED")
    summed_up(fabrikam)
    page = portal.get(DASHBOARD)
    assert "3 refusals." in text(page)
    url = links(page)[CATALOGUE[Code.BLOCKED].administrator.rstrip(".")]
    listed = text(portal.get(url))
    assert "3 entries" in listed
    assert "By Guests and strangers" in listed
    assert "4 entries" in text(portal.get(f"{LOG}?code=E-BLOCKED&outcome=refused"))
    assert "0 entries" in text(contosos.get(url))


def test_R64_the_log_says_whose_deeds_it_can_tell_apart(portal: Client) -> None:
    assert "is nobody whom the log tells apart" in text(portal.get(f"{LOG}?by=everybody"))


@pytest.mark.django_db(transaction=True)
def test_R62_emails_that_bounced_or_failed_are_those_of_their_list(
    portal: Client, contosos: Client, fabrikam: Tenant, nicole: Guest, write: Write
) -> None:
    for action in ("mail.bounced", "mail.failed", "mail.checked"):
        write(action, "failed", "system")
    write("mail.handed_over", "success", "system")
    summed_up(fabrikam)
    page = portal.get(DASHBOARD)
    said = text(page)
    assert "2 emails bounced or failed since yesterday" in said
    urls = [url for url in page.content.decode().split('"') if "mail.bounced%2Cmail.failed" in url]
    assert len(urls) >= 2
    for url in urls:
        if "on=" in url and NOW.date().isoformat() not in url:
            continue
        assert "2 entries" in text(portal.get(url.replace("&amp;", "&"))), url
        assert "2 entries" not in text(contosos.get(url.replace("&amp;", "&"))), url


@pytest.mark.django_db(transaction=True)
def test_R3_guests_of_removed_providers_are_those_of_their_lists(
    portal: Client, contosos: Client, fabrikam: Tenant, invite: Any
) -> None:
    for method, kind in (("externalFederation", "saml"), ("google", "google")):
        guest: Guest = invite(fabrikam, f"{kind}@firstupconsultants.com").invitation.guest
        with tenant_scope(fabrikam.id):
            gone = IdentityProvider.objects.create(
                tenant=fabrikam, kind=kind, name=kind, is_bound_to_domains=kind == "saml"
            )
            Guest.objects.filter(pk=guest.pk).update(method=method, method_provider_id=gone.pk)
            gone.delete()
    summed_up(fabrikam)
    page = portal.get(DASHBOARD)
    assert "Removed providers 1" in text(page)
    listed = text(portal.get(links(page)["Removed providers"]))
    assert "1 guest" in listed
    assert "saml@firstupconsultants.com" in listed
    assert "google@firstupconsultants.com" not in listed
    assert "2 guests wait for a reset: the provider they signed in with was removed." in text(page)
    assert "2 guests" in text(portal.get("/admin/guests/guest/?waiting=yes"))
    assert "saml@" not in text(contosos.get("/admin/guests/guest/?waiting=yes"))


@pytest.mark.django_db(transaction=True)
def test_R33_guests_with_facebook_are_those_of_their_list_and_can_be_reset(
    portal: Client, fabrikam: Tenant, invite: Any
) -> None:
    for name, method in (("nicole", "facebook"), ("kim", "emailOneTimePasscode")):
        accepted(invite(fabrikam, f"{name}@firstupconsultants.com").guest, method)
    summed_up(fabrikam)
    listed = portal.get(links(portal.get(DASHBOARD))["Facebook"])
    assert "nicole@firstupconsultants.com" in text(listed)
    assert "kim@firstupconsultants.com" not in text(listed)
    resets = "/admin/guests/guest/reset-many/?method=facebook"
    assert resets in listed.content.decode()
    assert "Guests who redeemed with Facebook" in text(portal.get(resets))


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        pytest.param(Role.USER_ADMINISTRATOR, ["may.csv", "resets"], id="R63-user-administrator"),
        pytest.param(Role.HELPDESK_ADMINISTRATOR, ["resets"], id="R63-helpdesk"),
        pytest.param(Role.REPORTS_READER, [], id="R63-reports-reader"),
    ],
)
def test_R54_bulk_work_that_stopped_needs_somebody(as_role: Any, fabrikam: Tenant, role: Role, sees: list[str]) -> None:
    stopped = "A worker stopped at it (KeyError). The operator finds the reason in the worker's log."
    with tenant_scope(fabrikam.id):
        for name, kind, problem in (
            ("may.csv", BatchKind.INVITATIONS, stopped),
            ("resets", BatchKind.RESETS, stopped),
            ("lunch.csv", BatchKind.INVITATIONS, ""),
        ):
            Batch.objects.create(
                tenant=fabrikam, kind=kind, state=BatchState.PAUSED, name=name, problem=problem, actor_kind="operator"
            )
    page = text(as_role(role).get(DASHBOARD)).replace("&#x27;", "'")
    for name in ("may.csv", "resets", "lunch.csv"):
        assert (f"{name} stopped: a worker stopped at it (KeyError). The operator" in page) is (name in sees), name
