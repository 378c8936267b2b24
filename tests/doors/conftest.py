"""Administrators and guests for the portal's stories."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from guests.models import Guest
from guests.operations.inviting import Details, Invited, Inviter, invite_guest
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import Administrator, Tenant
from tenants.refusals import Refusal
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import signed_in

Invite = Callable[..., Invited]


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """A password is typed dozens of times here; the real hasher would take minutes of it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def adele(fabrikam: Tenant) -> Administrator:
    """Fabrikam's Global Administrator."""
    return factories.administrator("adele@fabrikam.example", (fabrikam, Role.GLOBAL_ADMINISTRATOR))


@pytest.fixture
def portal(adele: Administrator) -> Client:
    """Adele's browser, signed in with both factors."""
    return signed_in(adele)


@pytest.fixture
def as_role(fabrikam: Tenant) -> Callable[[Role], Client]:
    """A browser of somebody who holds just this role in Fabrikam."""

    def sign_in(role: Role) -> Client:
        return signed_in(factories.administrator(f"{role.value.lower()}@fabrikam.example", (fabrikam, role)))

    return sign_in


@pytest.fixture
def contosos(contoso: Tenant) -> Client:
    """The browser of Contoso's Global Administrator."""
    return signed_in(factories.administrator("carl@contoso.example", (contoso, Role.GLOBAL_ADMINISTRATOR)))


@pytest.fixture
def invite(operator: Actor, now: datetime) -> Invite:
    """Invites into a tenant, outside any scope, and hands over what the inviter gets."""

    def do(tenant: Tenant, address: str = "nicole@firstupconsultants.com", **details: Any) -> Invited:
        with tenant_scope(tenant.id):
            invited = invite_guest(
                tenant=tenant,
                address=canonical(address),
                details=Details(**{"name": "Nicole Wagner", **details}),
                inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
                actor=operator,
                now=now,
            )
        assert not isinstance(invited, Refusal)
        return invited

    return do


@pytest.fixture
def nicole(fabrikam: Tenant, invite: Invite) -> Guest:
    """A pending guest of Fabrikam."""
    return invite(fabrikam).guest
