"""A new key for providers' secrets: what the old one sealed is sealed anew, and the old one may go (B4)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from providers.connections import connection_to
from providers.models import IdentityProvider, ServiceProviderKey
from tenants.encryption import sealed_under
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.journeys.partners import add_oidc, add_saml
from tests.peers.hostile_op import CLIENT_SECRET
from tests.providers import given

NEW = (9, b"n" * 32)


@pytest.fixture
def adatum(fabrikam: Tenant, contoso: Tenant) -> IdentityProvider:
    """A provider with a secret, beside a federation whose tenant has a key."""
    add_saml(fabrikam, given.metadata(), "saml.example")
    return add_oidc(fabrikam, "https://id.adatum.example", "adatum.example")


def stored(tenant: Tenant, row: IdentityProvider) -> tuple[int, int, str]:
    """The keys of both secrets, and the provider's in the clear."""
    with tenant_scope(tenant.id):
        fresh = IdentityProvider.objects.get(id=row.id)
        key = ServiceProviderKey.objects.get()
        assert fresh.sealed_secret is not None
        return sealed_under(fresh.sealed_secret), sealed_under(key.sealed_key), connection_to(fresh).secret


def test_B4_it_seals_under_the_first_key_and_the_old_one_may_go(
    fabrikam: Tenant, adatum: IdentityProvider, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.PROVIDER_KEYS = (NEW, *settings.PROVIDER_KEYS)
    call_command("reseal_provider_secrets")
    assert "fabrikam.example: 2 sealed under the first key" in capsys.readouterr().out
    settings.PROVIDER_KEYS = (NEW,)
    assert stored(fabrikam, adatum) == (9, 9, CLIENT_SECRET)
    call_command("reseal_provider_secrets")
    assert "already" in capsys.readouterr().out
    with tenant_scope(fabrikam.id):
        (entry,) = AuditEntry.objects.filter(action="provider_secrets.resealed")
    assert entry.details == {"secrets": 2, "key": 9}


def test_B4_what_no_key_opens_is_named_and_left_as_it_is(
    fabrikam: Tenant, adatum: IdentityProvider, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    before = settings.PROVIDER_KEYS
    settings.PROVIDER_KEYS = (NEW,)
    with pytest.raises(CommandError, match="2 could not be read"):
        call_command("reseal_provider_secrets")
    assert "Adatum ID" in capsys.readouterr().err
    settings.PROVIDER_KEYS = before
    assert stored(fabrikam, adatum)[2] == CLIENT_SECRET


def test_B4_without_a_key_it_says_what_to_set(fabrikam: Tenant, settings: Any) -> None:
    settings.PROVIDER_KEYS = ()
    with pytest.raises(CommandError, match="Set PROVIDER_KEYS"):
        call_command("reseal_provider_secrets")
