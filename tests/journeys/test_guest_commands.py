"""What an operator types and reads about a guest (R51, R60)."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from guests.models import Guest
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.conftest import NICOLE, Invite

pytestmark = pytest.mark.django_db


def _explained(tenant: Tenant) -> str:
    printed = StringIO()
    call_command("explain_sign_in", NICOLE, "--tenant", tenant.primary_domain, stdout=printed)
    return printed.getvalue().splitlines()[0]


def test_R60_it_says_who_the_address_is_to_the_tenant(fabrikam: Tenant, invite: Invite) -> None:
    assert _explained(fabrikam) == f"{NICOLE}, a stranger to Fabrikam"
    invite(fabrikam)
    assert _explained(fabrikam) == f"{NICOLE}, a guest of Fabrikam, pending acceptance"


def test_R51_answers_go_to_an_address_only(fabrikam: Tenant) -> None:
    words = ("invite_guest", NICOLE, "--tenant", fabrikam.primary_domain, "--inviter-address")
    with pytest.raises(CommandError):
        call_command(*words, "Adele", stdout=StringIO())
    with tenant_scope(fabrikam.id):
        assert not Guest.objects.exists()
    call_command(*words, "Adele@Fabrikam.example", stdout=StringIO())
    with tenant_scope(fabrikam.id):
        assert Guest.objects.get().sponsor_address == "Adele@fabrikam.example"
    call_command(*words[:-1], stdout=StringIO())
