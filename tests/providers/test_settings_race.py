"""Two administrators at once: each change is right by itself, both together would leave no fallback (R32)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest
from django.db import connection

from providers import operations
from providers.models import EmailPasscodePolicy, RedemptionPolicy
from providers.rules import PasscodeState
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.refusals import Refusal
from tenants.scope import tenant_scope
from tests import factories


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(5))
def test_R32_one_of_two_is_refused(operator: Actor, now: datetime, round_: int) -> None:
    tenant: Tenant = factories.tenant("Fabrikam", "fabrikam.example")
    start = Barrier(2)

    def meanwhile(change: Callable[[], object]) -> object:
        try:
            with tenant_scope(tenant.id):
                start.wait(timeout=10)
                return change()
        finally:
            connection.close()

    changes = [
        lambda: operations.set_email_passcode(state=PasscodeState.DISABLED, actor=operator, now=now),
        lambda: operations.disable_microsoft_account(actor=operator, now=now),
    ]
    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(meanwhile, changes))
    assert sum(isinstance(one, Refusal) for one in outcomes) == 1
    with tenant_scope(tenant.id):
        policy, passcodes = RedemptionPolicy.objects.first(), EmailPasscodePolicy.objects.first()
    assert (policy is None) is not (passcodes is None)
