"""Guests redeem at providers that nobody here wrote, through the real web server (R23, R30, R36)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guests.models import FederatedIdentity, Guest, GuestSession
from providers.models import IdentityProvider
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.journeys.conftest import Invite
from tests.peers.saml_idp import needs_xmlsec1
from tests.peers.surfing import Surfer

Surf = Callable[[], Surfer]
NICOLE, KARIN = "nicole@adatum.example", "karin@adatum.example"

pytestmark = pytest.mark.django_db(transaction=True)


def at_the_library(surfer: Surfer, address: str) -> Surfer:
    """Sign in on the page in front of samlp and wsfed."""
    assert surfer.heading == "Partner sign-in", surfer.text
    return surfer.press("Sign in", address=address)


def at_the_toolkit(surfer: Surfer, address: str) -> Surfer:
    """Log in at Django OAuth Toolkit, and authorize us where it asks."""
    assert surfer.heading == "Log in", surfer.text
    surfer.press("Log in", username=address, password="whatever")
    return surfer.press("Authorize") if "Authorize" in surfer.text else surfer


def accept(surfer: Surfer) -> None:
    assert surfer.heading == "Review permissions", surfer.text
    surfer.press("Accept")
    assert surfer.heading == "My Apps", surfer.text


def sign_in_by_address(surfer: Surfer, origin: str, address: str) -> Surfer:
    """Type the address at the front door, and go on to the provider."""
    surfer.open(f"{origin}/fabrikam.example")
    surfer.press("Next", email=address)
    return surfer.press("Continue to Adatum")


def rows(tenant: Tenant) -> tuple[int, int]:
    """(sessions, identities)"""
    with tenant_scope(tenant.id):
        return GuestSession.objects.count(), FederatedIdentity.objects.count()


def reasons(tenant: Tenant) -> list[str]:
    """Why coming back opened nothing, by the history."""
    with tenant_scope(tenant.id):
        return [one.details["reason"] for one in AuditEntry.objects.filter(action="guest.returned").order_by("at")]


@needs_xmlsec1
def test_R30_2_R36_a_guest_redeems_at_samlp_and_signs_in_again(
    origin: str, fabrikam: Tenant, at_samlp: IdentityProvider, invite: Invite, surf: Surf
) -> None:
    surfer = surf().open(invite(fabrikam, NICOLE).link)
    surfer.press("Continue to Adatum")
    accept(at_the_library(surfer, NICOLE))
    assert rows(fabrikam) == (1, 1)
    again = at_the_library(sign_in_by_address(surf(), origin, NICOLE), NICOLE)
    assert again.heading == "My Apps", again.text
    assert rows(fabrikam) == (2, 1)


@needs_xmlsec1
def test_R23_R36_samlp_lets_nobody_else_redeem(
    origin: str, fabrikam: Tenant, at_samlp: IdentityProvider, invite: Invite, surf: Surf
) -> None:
    surfer = surf().open(invite(fabrikam, NICOLE).link)
    surfer.press("Continue to Adatum")
    at_the_library(surfer, KARIN)
    assert surfer.heading == "One more step"  # a code to Nicole's own address would make the link
    assert KARIN in surfer.text
    assert rows(fabrikam) == (0, 0)
    surfer.press("Use another account")
    accept(at_the_library(surfer, NICOLE))


@needs_xmlsec1
def test_R36_wsfed_is_refused_for_its_SAML_1_1_and_the_history_says_so(
    origin: str, fabrikam: Tenant, at_wsfed: IdentityProvider, invite: Invite, surf: Surf
) -> None:
    surfer = surf().open(invite(fabrikam, NICOLE).link)
    surfer.press("Continue to Adatum")
    at_the_library(surfer, NICOLE)
    assert surfer.page.status_code == 502, surfer.text
    (reason,) = reasons(fabrikam)
    assert "SAML 1.1" in reason
    assert rows(fabrikam) == (0, 0)


def test_R30_2_R36_a_guest_redeems_at_django_oauth_toolkit_and_signs_in_again(
    origin: str, fabrikam: Tenant, at_toolkit: IdentityProvider, invite: Invite, surf: Surf
) -> None:
    surfer = surf().open(invite(fabrikam, NICOLE).link)
    surfer.press("Continue to Adatum")
    accept(at_the_toolkit(surfer, NICOLE))
    assert rows(fabrikam) == (1, 1)
    again = at_the_toolkit(sign_in_by_address(surf(), origin, NICOLE), NICOLE)
    assert again.heading == "My Apps", again.text
    assert rows(fabrikam) == (2, 1)
    with tenant_scope(fabrikam.id):
        assert Guest.objects.get().method == "externalFederation"


def test_R23_R36_django_oauth_toolkit_lets_nobody_else_redeem(
    origin: str, fabrikam: Tenant, at_toolkit: IdentityProvider, invite: Invite, surf: Surf
) -> None:
    surfer = surf().open(invite(fabrikam, NICOLE).link)
    surfer.press("Continue to Adatum")
    at_the_toolkit(surfer, KARIN)
    assert surfer.heading == "One more step"
    assert KARIN in surfer.text
    assert rows(fabrikam) == (0, 0)
