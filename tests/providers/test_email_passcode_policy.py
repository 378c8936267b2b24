"""The switch of the email one-time passcode, and the settings that must leave a fallback (R4-R6, R32)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from providers import operations
from providers.models import EmailPasscodePolicy, RedemptionPolicy
from providers.operations import Change
from providers.rules import Fallback, Order, PasscodeState, Primary
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import tenant_scope

DEFAULT, ENABLED, DISABLED = PasscodeState.DEFAULT, PasscodeState.ENABLED, PasscodeState.DISABLED
ALL = (Primary.ENTRA_ID, Primary.FEDERATION, Primary.SOCIAL)


def stored() -> EmailPasscodePolicy | None:
    return EmailPasscodePolicy.objects.first()


def history() -> list[tuple[str, str, dict[str, object]]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "outcome", "details"))


class TestSetEmailPasscode:
    def test_R6_a_new_tenant_stores_nothing(self, in_fabrikam: Tenant) -> None:
        assert stored() is None

    @pytest.mark.parametrize("state", [ENABLED, DISABLED])
    def test_R6_reading_back_gives_what_was_stored(
        self, in_fabrikam: Tenant, operator: Actor, now: datetime, state: PasscodeState
    ) -> None:
        outcome = operations.set_email_passcode(state=state, actor=operator, now=now)
        assert outcome == Change(DEFAULT, state)
        policy = EmailPasscodePolicy.objects.get()
        assert policy.passcode_state is state

    def test_R6_enabled_and_default_are_stored_apart(self, in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
        operations.set_email_passcode(state=ENABLED, actor=operator, now=now)
        outcome = operations.set_email_passcode(state=DEFAULT, actor=operator, now=now)
        assert outcome == Change(ENABLED, DEFAULT)

    def test_R6_clearing_goes_back_to_default_that_is_on(
        self, in_fabrikam: Tenant, operator: Actor, now: datetime
    ) -> None:
        operations.set_email_passcode(state=DISABLED, actor=operator, now=now)
        outcome = operations.clear_email_passcode(actor=operator, now=now)
        assert outcome == Change(DISABLED, DEFAULT)
        assert EmailPasscodePolicy.objects.get().passcode_state.is_on

    def test_R64_each_change_is_in_the_history_with_both_states(
        self, in_fabrikam: Tenant, operator: Actor, now: datetime
    ) -> None:
        operations.set_email_passcode(state=DISABLED, actor=operator, now=now)
        assert history() == [("email_passcode.set", "success", {"before": "default", "after": "disabled"})]

    def test_R6_the_same_state_again_changes_nothing(self, in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
        operations.set_email_passcode(state=DISABLED, actor=operator, now=now)
        first = EmailPasscodePolicy.objects.get().passcodes_void_before
        outcome = operations.set_email_passcode(state=DISABLED, actor=operator, now=now)
        assert isinstance(outcome, Change)
        assert not outcome.is_change
        assert EmailPasscodePolicy.objects.get().passcodes_void_before == first
        assert len(history()) == 1

    def test_R5_turning_it_off_voids_by_the_databases_clock(
        self, in_fabrikam: Tenant, operator: Actor, now: datetime
    ) -> None:
        operations.set_email_passcode(state=DISABLED, actor=operator, now=now - timedelta(days=400))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT now() <= passcodes_void_before, clock_timestamp() >= passcodes_void_before"
                " FROM providers_emailpasscodepolicy"
            )
            assert cursor.fetchone() == (True, True)

    @pytest.mark.parametrize("state", [ENABLED, DEFAULT])
    def test_R5_turning_it_on_again_does_not_revive_what_was_void(
        self, in_fabrikam: Tenant, operator: Actor, now: datetime, state: PasscodeState
    ) -> None:
        operations.set_email_passcode(state=DISABLED, actor=operator, now=now)
        before = EmailPasscodePolicy.objects.get().passcodes_void_before
        operations.set_email_passcode(state=state, actor=operator, now=now)
        assert EmailPasscodePolicy.objects.get().passcodes_void_before == before is not None

    def test_R4_turning_it_on_voids_nothing(self, in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
        operations.set_email_passcode(state=ENABLED, actor=operator, now=now)
        assert EmailPasscodePolicy.objects.get().passcodes_void_before is None

    def test_R32_it_refuses_to_be_turned_off_while_the_Microsoft_account_is_disabled(
        self, in_fabrikam: Tenant, operator: Actor, now: datetime
    ) -> None:
        operations.disable_microsoft_account(actor=operator, now=now)
        outcome = operations.set_email_passcode(state=DISABLED, actor=operator, now=now)
        assert isinstance(outcome, Refusal)
        assert (outcome.code, outcome.reason[:30]) == (Code.NO_METHOD, "One fallback has to remain: tu")
        assert stored() is None
        assert history()[-1] == ("email_passcode.set", "refused", {"reason": outcome.reason})

    @pytest.mark.parametrize("partner", ["", "adatum.example"])
    def test_R31_it_refuses_to_be_turned_off_while_an_order_ends_in_it(
        self, in_fabrikam: Tenant, operator: Actor, now: datetime, partner: str
    ) -> None:
        order = Order(ALL, Fallback.PASSCODE, partner)
        operations.set_redemption_order(order=order, actor=operator, now=now)
        outcome = operations.set_email_passcode(state=DISABLED, actor=operator, now=now)
        assert isinstance(outcome, Refusal)
        assert (partner or "of the tenant") in outcome.reason

    def test_R6_each_tenant_has_its_own(
        self, fabrikam: Tenant, contoso: Tenant, operator: Actor, now: datetime
    ) -> None:
        with tenant_scope(fabrikam.id):
            operations.set_email_passcode(state=DISABLED, actor=operator, now=now)
        with tenant_scope(contoso.id):
            assert stored() is None
            assert history() == []

    def test_R6_a_tenant_has_one_row_and_no_fourth_state(self, in_fabrikam: Tenant) -> None:
        EmailPasscodePolicy.objects.create(tenant=in_fabrikam)
        with pytest.raises(IntegrityError), transaction.atomic():
            EmailPasscodePolicy.objects.create(tenant=in_fabrikam)
        with pytest.raises(IntegrityError), transaction.atomic():
            EmailPasscodePolicy.objects.update(state="perhaps")


class TestMicrosoftAccount:
    def test_R32_it_can_be_disabled_and_enabled(self, in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
        assert operations.disable_microsoft_account(actor=operator, now=now) == Change(True, False)
        assert RedemptionPolicy.objects.get().is_microsoft_account_enabled is False
        assert operations.enable_microsoft_account(actor=operator, now=now) == Change(False, True)
        assert [line[2] for line in history()] == [{"before": True, "after": False}, {"before": False, "after": True}]

    def test_R32_nothing_to_do_leaves_no_trace(self, in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
        assert operations.enable_microsoft_account(actor=operator, now=now) == Change(True, True)
        assert RedemptionPolicy.objects.count() == len(history()) == 0

    def test_R32_it_refuses_to_be_disabled_while_passcodes_are_off(
        self, in_fabrikam: Tenant, operator: Actor, now: datetime
    ) -> None:
        operations.set_email_passcode(state=DISABLED, actor=operator, now=now)
        outcome = operations.disable_microsoft_account(actor=operator, now=now)
        assert isinstance(outcome, Refusal)
        assert "One fallback has to remain" in outcome.reason
        assert RedemptionPolicy.objects.count() == 0

    def test_R31_it_refuses_to_be_disabled_while_an_order_ends_in_it(
        self, in_fabrikam: Tenant, operator: Actor, now: datetime
    ) -> None:
        order = Order(ALL, Fallback.MICROSOFT_ACCOUNT)
        operations.set_redemption_order(order=order, actor=operator, now=now)
        assert isinstance(operations.disable_microsoft_account(actor=operator, now=now), Refusal)


class TestSkipping:
    def test_R34_a_tenant_may_switch_it_off_and_on(self, in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
        assert operations.allow_skipping(actor=operator, now=now) == Change(True, True)
        assert operations.forbid_skipping(actor=operator, now=now) == Change(True, False)
        assert operations.allow_skipping(actor=operator, now=now) == Change(False, True)
        assert [line[0] for line in history()] == ["skipping.set", "skipping.set"]

    def test_R34_it_leaves_the_Microsoft_account_as_it_is(
        self, in_fabrikam: Tenant, operator: Actor, now: datetime
    ) -> None:
        operations.disable_microsoft_account(actor=operator, now=now)
        operations.forbid_skipping(actor=operator, now=now)
        policy = RedemptionPolicy.objects.get()
        assert (policy.is_microsoft_account_enabled, policy.is_skipping_allowed) == (False, False)
