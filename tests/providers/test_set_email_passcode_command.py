"""`manage.py set_email_passcode`: the operators' door (R6)."""

from __future__ import annotations

from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from providers import operations
from providers.models import EmailPasscodePolicy
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope


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


@pytest.mark.parametrize(
    ("argument", "state"),
    [
        ("--yes", "enabled"),
        ("--no", "disabled"),
        ("enabled", "enabled"),
        ("disabled", "disabled"),
    ],
)
def test_R6_it_stores_the_word(fabrikam: Tenant, argument: str, state: str) -> None:
    assert f"default before, now {state}" in run("--tenant", str(fabrikam.id), argument)
    assert stored(fabrikam) == [state]
    assert state in run("--tenant", "fabrikam.example")
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.get(action="email_passcode.set").actor_kind == "operator"


def test_R6_the_same_word_again_says_so(fabrikam: Tenant) -> None:
    assert "already" in run("--tenant", "fabrikam.example", "default")


def test_R5_turning_it_off_says_what_happens_to_whom(fabrikam: Tenant) -> None:
    assert "E-OTP-OFF" in run("--tenant", "fabrikam.example", "--no")


def test_R32_a_refusal_is_one_sentence(fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    with tenant_scope(fabrikam.id):
        operations.disable_microsoft_account(actor=operator, now=now)
    with pytest.raises(CommandError, match=r"One fallback has to remain.*\(E-NO-METHOD\)"):
        run("--tenant", "fabrikam.example", "--no")
    assert stored(fabrikam) == []


@pytest.mark.parametrize("arguments", [["--yes", "--no"], ["perhaps"], ["--yes", "disabled"]])
def test_R6_it_takes_one_word_of_three(fabrikam: Tenant, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run("--tenant", "fabrikam.example", *arguments)


def test_R6_the_other_tenant_keeps_its_own(fabrikam: Tenant, contoso: Tenant) -> None:
    run("--tenant", "fabrikam.example", "--no")
    assert "default" in run("--tenant", "contoso.example")
    assert stored(contoso) == []
