"""`manage.py set_email_passcode`: the operators' door (R6, R62)."""

from __future__ import annotations

from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from providers import operations
from providers.models import EmailPasscodePolicy
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.doors.batches import work_off
from tests.doors.portal import accepted


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("set_email_passcode", *arguments, stdout=out)
    return out.getvalue()


def stored(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(EmailPasscodePolicy.objects.values_list("state", flat=True))


def test_R6_it_shows_what_is_stored_and_changes_nothing(fabrikam: Tenant) -> None:
    assert "default (on" in run("--tenant", "fabrikam.example")
    assert stored(fabrikam) == []


@pytest.mark.parametrize("state", ["enabled", "disabled"])
def test_R6_it_stores_the_word(fabrikam: Tenant, state: str) -> None:
    assert f"default before, now {state}" in run("--tenant", str(fabrikam.id), state)
    assert stored(fabrikam) == [state]
    assert state in run("--tenant", "fabrikam.example")
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.get(action="email_passcode.set").actor_kind == "operator"


def test_R6_the_same_word_again_says_so(fabrikam: Tenant) -> None:
    assert "already" in run("--tenant", "fabrikam.example", "default")


def test_R5_turning_it_off_says_what_happens_to_whom(fabrikam: Tenant) -> None:
    assert "E-OTP-OFF" in run("--tenant", "fabrikam.example", "disabled")


@pytest.fixture
def two(fabrikam: Tenant, invite: Any) -> None:
    """Somebody who redeemed with a passcode, and somebody who has not redeemed."""
    accepted(invite(fabrikam).guest)
    invite(fabrikam, "ines@contoso.com", name="Ines Moreau")


def test_R62_turning_it_off_names_whom_it_locks_out_and_waits_for_yes(fabrikam: Tenant, two: None) -> None:
    out = StringIO()
    with pytest.raises(CommandError, match="Nothing has been done"):
        call_command("set_email_passcode", "--tenant", "fabrikam.example", "disabled", stdout=out)
    said = out.getvalue()
    assert "Guests who cannot sign in then: 1\n  Nicole Wagner  nicole@firstupconsultants.com" in said
    assert "Pending guests who would redeem otherwise: 1\n  Ines Moreau  ines@contoso.com: Email passcode" in said
    assert stored(fabrikam) == []
    run("--tenant", "fabrikam.example", "disabled", "--yes")
    assert stored(fabrikam) == ["disabled"]
    assert work_off(fabrikam) == []
    assert "Guests who can sign in again then: 1" in run("--tenant", "fabrikam.example", "enabled")


def test_R62_somebody_who_has_not_redeemed_is_reason_enough(fabrikam: Tenant, invite: Any) -> None:
    invite(fabrikam)
    with pytest.raises(CommandError, match="Nothing has been done"):
        run("--tenant", "fabrikam.example", "disabled")
    assert stored(fabrikam) == []


def test_R62_their_reset_is_in_the_same_step_or_later(fabrikam: Tenant, two: None) -> None:
    said = run("--tenant", "fabrikam.example", "disabled", "--yes", "--reset")
    (batch,) = work_off(fabrikam)
    assert f"Reset: Guests who redeemed with a passcode ({batch.pk})" in said
    assert (batch.done, batch.is_mailed) == (1, True)
    assert "Nobody is to be reset" in run("--tenant", "fabrikam.example", "disabled", "--yes", "--reset")
    with tenant_scope(fabrikam.id):
        told = AuditEntry.objects.filter(action__in=["email_passcode.set", "batch.resets_made"]).order_by("id")
        assert list(told.values_list("action", flat=True)) == ["email_passcode.set", "batch.resets_made"]


def test_R32_a_refusal_is_one_sentence(fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    with tenant_scope(fabrikam.id):
        operations.disable_microsoft_account(actor=operator, now=now)
    with pytest.raises(CommandError, match=r"One fallback has to remain.*\(E-NO-METHOD\)"):
        run("--tenant", "fabrikam.example", "disabled")
    assert stored(fabrikam) == []


@pytest.mark.parametrize(
    "arguments", [["perhaps"], ["enabled", "disabled"], ["--yes"], ["enabled", "--yes"], ["default", "--reset"]]
)
def test_R6_it_takes_one_word_of_three(fabrikam: Tenant, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run("--tenant", "fabrikam.example", *arguments)


def test_R6_the_other_tenant_keeps_its_own(fabrikam: Tenant, contoso: Tenant) -> None:
    run("--tenant", "fabrikam.example", "disabled")
    assert "default" in run("--tenant", "contoso.example")
    assert stored(contoso) == []
