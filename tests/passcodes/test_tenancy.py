"""A passcode belongs to one tenant: nothing about it works in another one, or in none (R16, R17)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from passcodes import operations
from passcodes.models import Challenge
from tenants.models import Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import OutsideScope, tenant_scope
from tests.passcodes.stories import NICOLE, code_of, fresh, issue, pass_time, request, resend, try_code


@pytest.fixture
def fabrikams(fabrikam: Tenant) -> tuple[Challenge, str]:
    """A live challenge of Fabrikam's, old enough for a resend, and its code."""
    with tenant_scope(fabrikam.id):
        challenge = issue()
        pass_time(timedelta(seconds=60))
        return challenge, code_of(challenge)


def test_R16_it_refuses_the_right_code_in_another_tenant(fabrikam: Tenant, contoso: Tenant, fabrikams):
    challenge, code = fabrikams
    with tenant_scope(contoso.id):
        assert try_code(challenge, code) == Refusal(Code.CODE, reason="unknown")
        assert resend(challenge) == Refusal(Code.CODE, reason="unknown")
    with tenant_scope(fabrikam.id):
        assert (fresh(challenge).attempts, fresh(challenge).resends) == (0, 0)
        assert not isinstance(try_code(challenge, code), Refusal)


def test_R16_it_makes_nothing_void_in_another_tenant(fabrikam: Tenant, contoso: Tenant, fabrikams):
    challenge, _ = fabrikams
    with tenant_scope(contoso.id):
        assert operations.void_challenges(address_key=NICOLE.key) == 0
    with tenant_scope(fabrikam.id):
        assert fresh(challenge).voided_at is None


def test_R16_it_needs_a_tenant(fabrikams):
    challenge, code = fabrikams
    for deed in (request, lambda: try_code(challenge, code), lambda: resend(challenge)):
        with pytest.raises(OutsideScope):
            deed()
