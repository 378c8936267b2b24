"""Ending challenges: void codes never work again, and old rows are forgotten (R5, R40)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from passcodes import operations
from passcodes.models import Challenge
from passcodes.operations import RightCode
from passcodes.rules import Pool
from tenants.addresses import canonical
from tenants.models import Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import every_tenant, tenant_scope
from tests.passcodes.stories import NICOLE, code_of, fresh, issue, pass_time, resend, row, try_code, use


@pytest.mark.usefixtures("in_fabrikam")
class TestVoid:
    """`void_challenges`"""

    def test_R40_it_kills_every_code_of_the_address(self):
        challenges = [issue(), issue(), issue(pool=Pool.KNOWN)]
        codes = [code_of(one) for one in challenges]
        other = issue(canonical("adele@firstupconsultants.com"))
        assert operations.void_challenges(address_key=NICOLE.key) == 3
        for challenge, code in zip(challenges, codes, strict=True):
            assert try_code(challenge, code) == Refusal(Code.CODE, reason="void")
            assert fresh(challenge).nonce is None
        assert isinstance(try_code(other, code_of(other)), RightCode)

    def test_R40_it_kills_an_expired_one_too_as_a_resend_would_revive_it(self):
        challenge = issue()
        pass_time(timedelta(minutes=40))
        assert operations.void_challenges(address_key=NICOLE.key) == 1
        assert isinstance(resend(challenge, pool=Pool.KNOWN), Refusal)

    def test_R40_it_leaves_used_ones_as_they_are(self):
        challenge = issue()
        right = try_code(challenge, code_of(challenge))
        assert isinstance(right, RightCode)
        use(right)
        assert operations.void_challenges(address_key=NICOLE.key) == 0
        assert fresh(challenge).voided_at is None


class TestPurge:
    """`purge_challenges`"""

    def test_R13_it_forgets_what_expired_a_day_ago_in_every_tenant(self, fabrikam: Tenant, contoso: Tenant):
        for tenant in (fabrikam, contoso):
            with tenant_scope(tenant.id):
                row(tenant_id=tenant.id)
                row(tenant_id=tenant.id)
        with every_tenant(reason="test"):
            pass_time(timedelta(hours=24, minutes=29))
            assert operations.purge_challenges(at_most=10) == 0
            pass_time(timedelta(minutes=2))
            assert [operations.purge_challenges(at_most=3) for _ in range(3)] == [3, 1, 0]
            assert Challenge.objects.count() == 0

    def test_R11_it_keeps_what_a_page_may_still_ask_about(self, fabrikam: Tenant):
        with tenant_scope(fabrikam.id):
            row(tenant_id=fabrikam.id)
            pass_time(timedelta(hours=2))
            assert operations.purge_challenges(at_most=10) == 0


@pytest.mark.usefixtures("in_fabrikam")
class TestAdjectives:
    """What the query sets call live and unspent."""

    def test_R11_it_calls_live_what_a_try_may_open(self, fabrikam: Tenant, now):
        live = row(tenant_id=fabrikam.id)
        expired = row(tenant_id=fabrikam.id, expires_at=live.created_at)
        row(tenant_id=fabrikam.id, attempts=5)
        row(tenant_id=fabrikam.id, used_at=now, nonce=None)
        row(tenant_id=fabrikam.id, voided_at=now, nonce=None)
        assert list(Challenge.objects.live()) == [live]
        assert expired in Challenge.objects.unspent()
        assert str(live) == f"passcode {live.id}"
