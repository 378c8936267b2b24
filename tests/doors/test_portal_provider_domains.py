"""The domains that a provider answers for: who redeems otherwise by another list, before it is stored (R3, R62)."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from guests.models import Guest
from providers.models import IdentityProvider
from tenants.models import AuditEntry, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.portal import accepted, saved, text
from tests.doors.test_portal_pages import inline
from tests.doors.test_portal_providers_that_go import federated


@pytest.fixture
def provider(fabrikam: Tenant) -> IdentityProvider:
    """Contoso ID, which answers for contoso.com."""
    with tenant_scope(fabrikam.id):
        made = IdentityProvider.objects.create(
            tenant=fabrikam, kind="openIdConnect", name="Contoso ID", is_bound_to_domains=True
        )
        made.domains.create(tenant=fabrikam, domain="contoso.com")
    return made


def page_of(provider: IdentityProvider) -> str:
    return reverse("admin:guests_provider_domains", args=[provider.pk])


def domains(tenant: Tenant, provider: IdentityProvider) -> list[str]:
    with tenant_scope(tenant.id):
        return list(provider.domains.order_by("domain").values_list("domain", flat=True))


@pytest.fixture
def pending(fabrikam: Tenant, invite: Any) -> list[Guest]:
    return [
        invite(fabrikam, "ines@contoso.com", name="Ines Moreau").guest,
        invite(fabrikam, "tom@tailspin.example", name="Tomás Silva").guest,
    ]


def test_R62_it_says_who_redeems_otherwise_before_anything_is_stored(portal, fabrikam, provider, pending, invite):
    federated(fabrikam, invite, provider, 1)
    page = portal.post(page_of(provider), {"domains": "tailspin.example"})
    words = text(page)
    assert "Before you save: 2 pending guests would redeem otherwise" in words
    assert "Ines Moreau ines@contoso.com Contoso ID → Email passcode" in words
    assert "Tomás Silva tom@tailspin.example Email passcode → Contoso ID" in words
    assert "Guest 0" not in words, "who has redeemed keeps it"
    assert f"reset-many/?provider={provider.pk}&amp;domain=contoso.com" in page.content.decode()
    assert inline(page.content.decode()) == []
    assert domains(fabrikam, provider) == ["contoso.com"]


def test_R3_the_second_save_stores_it_and_leaves_who_has_redeemed(portal, fabrikam, provider, pending, invite):
    federated(fabrikam, invite, provider, 1)
    answer = saved(portal, page_of(provider), {"domains": "Tailspin.example\r\ncontoso.com"}, follow=True)
    assert "The domains of Contoso ID are saved." in text(answer)
    assert domains(fabrikam, provider) == ["contoso.com", "tailspin.example"]
    with tenant_scope(fabrikam.id):
        told = AuditEntry.objects.get(action="identity_provider.changed").details
        assert Guest.objects.filter(method_provider_id=provider.pk).count() == 1
    assert told == {"name": "Contoso ID", "domains_added": ["tailspin.example"], "domains_removed": []}
    portal.post(page_of(provider), {"domains": "contoso.com\ntailspin.example"})
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.filter(action="identity_provider.changed").count() == 1, "the same again is no change"


def test_R62_a_list_that_was_changed_meanwhile_is_shown_again(portal, fabrikam, provider, pending):
    html = portal.post(page_of(provider), {"domains": "tailspin.example"}).content.decode()
    form = {"domains": "tailspin.example", "seen": html.split('name="seen" value="')[1].split('"')[0]}
    with tenant_scope(fabrikam.id):
        provider.domains.create(tenant=fabrikam, domain="adatum.example")
    assert portal.post(page_of(provider), form).status_code == 200
    assert domains(fabrikam, provider) == ["adatum.example", "contoso.com"]


@pytest.mark.parametrize(("typed", "said"), [("", "Name at least one domain"), ("a b", "“a b”"), ("a\x00b", "“a")])
def test_R34_what_is_no_list_is_said_at_the_field(portal, fabrikam, provider, typed, said):
    page = saved(portal, page_of(provider), {"domains": typed})
    assert said in text(page)
    assert domains(fabrikam, provider) == ["contoso.com"]


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR, 302), (Role.USER_ADMINISTRATOR, 403), (Role.GLOBAL_READER, 403)],
)
def test_R63_who_may_change_them(as_role, fabrikam, provider, pending, role, status):
    assert saved(as_role(role), page_of(provider), {"domains": "tailspin.example"}).status_code == status


def test_R42_who_may_not_reset_is_offered_no_reset(as_role, fabrikam, provider, invite):
    accepted(invite(fabrikam, "x@contoso.com").guest, "externalFederation")
    client = as_role(Role.EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR)
    assert "reset-many" not in client.post(page_of(provider), {"domains": "tailspin.example"}).content.decode()


def test_R62_another_tenants_provider_is_not_there(contosos, fabrikam, provider):
    assert contosos.get(page_of(provider)).status_code == 404
    assert saved(contosos, page_of(provider), {"domains": "evil.example"}).status_code == 404
    assert domains(fabrikam, provider) == ["contoso.com"]
