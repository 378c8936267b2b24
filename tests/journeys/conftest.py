"""What journeys begin with: an invited guest, and what an administrator would have set up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from applications.models import Application
from applications.operations import add_application, mark_first_party, open_sign_up
from guests.operations.inviting import Details, Invited, Inviter, invite_guest
from providers.rules import Method
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories

NICOLE = "nicole@firstupconsultants.com"
ADELE = Inviter("Adele Vance", "adele@fabrikam.example")
EXPENSES = "https://expenses.fabrikam.example/start"
MEETINGS = "https://meetings.northwind.example/"

Invite = Callable[..., Invited]


@pytest.fixture
def expenses(fabrikam: Tenant, operator: Actor, now: datetime) -> Application:
    """Fabrikam's one application, on an origin of its own."""
    with tenant_scope(fabrikam.id):
        made = add_application(
            tenant=fabrikam,
            name="Expense reports",
            description="Claims and receipts",
            url=EXPENSES,
            actor=operator,
            now=now,
        )
    assert isinstance(made, Application)
    return made


@pytest.fixture
def invite(operator: Actor, now: datetime) -> Invite:
    """Invite somebody into a tenant and hand back the link."""

    def _invite(tenant: Tenant, address: str = NICOLE, redirect_url: str = "", **details: Any) -> Invited:
        with tenant_scope(tenant.id):
            invited = invite_guest(
                tenant=tenant,
                address=canonical(address),
                details=Details(name="Nicole Wagner", redirect_url=redirect_url, **details),
                inviter=ADELE,
                actor=operator,
                now=now,
            )
        assert isinstance(invited, Invited), invited
        return invited

    return _invite


@pytest.fixture
def northwind(db: None) -> Tenant:
    """Whose application names no tenant. It has no guests."""
    return factories.tenant("Northwind", "northwind.example")


@pytest.fixture
def meetings(northwind: Tenant, operator: Actor, now: datetime) -> Application:
    """The first-party application."""
    with tenant_scope(northwind.id):
        made = add_application(tenant=northwind, name="Meetings", description="", url=MEETINGS, actor=operator, now=now)
        assert isinstance(made, Application)
        assert mark_first_party(application_id=made.id, actor=operator, now=now)
    return made


@pytest.fixture
def link(meetings: Application) -> str:
    """Its link without a tenant."""
    return f"/signin/Meetings/{meetings.id}"


@pytest.fixture
def supplier(fabrikam: Tenant, expenses: Application, operator: Actor, now: datetime) -> Application:
    """Fabrikam's application, with sign-up by passcode open."""
    with tenant_scope(fabrikam.id):
        opened = open_sign_up(application_id=expenses.id, methods=[Method.PASSCODE], actor=operator, now=now)
    assert isinstance(opened, Application)
    return opened
