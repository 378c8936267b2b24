"""R64: a tenant keeps its history as long as it says; nobody with the application's role deletes what is recent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from tenants import tasks, verifying
from tenants.audit import SYSTEM
from tenants.models import AuditEntry, AuditSeal, Tenant
from tenants.refusals import Refusal
from tenants.retention import AT_ONCE, Forgotten, consequence_of, forget_history, set_history_days
from tenants.scope import tenant_scope
from tenants.sealing import seal_tenant
from tenants.tasks import forget_old_history
from tenants.verifying import Fault, Finding, verify_tenant
from tests.tenants.brokers import broker_at, published
from tests.tenants.history import owner, tamper, write

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)


def by_hand(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def sealed(tenant: Tenant, *ages: int) -> list[list[int]]:
    """A block of three lines for each age in days, the oldest first."""
    blocks = []
    with tenant_scope(tenant.id):
        for age in sorted(ages, reverse=True):
            blocks.append(write(SYSTEM, 3, age=timedelta(days=age)))
            seal_tenant()
    return blocks


def keep(tenant: Tenant, days: int | None) -> None:
    with tenant_scope(tenant.id):
        assert not isinstance(set_history_days(tenant=tenant, days=days, actor=SYSTEM, now=NOW), Refusal)


def test_R64_it_forgets_whole_sealed_blocks_that_are_older_and_the_chain_still_verifies(fabrikam, contoso):
    old, older, recent = sealed(fabrikam, 200, 100, 50)
    others = sealed(contoso, 200)
    keep(fabrikam, 90)
    with tenant_scope(fabrikam.id):
        unsealed = set(write(SYSTEM, 1, age=timedelta(days=120)))
        assert forget_history(now=NOW) == Forgotten(1, 2, 6)
        left = set(AuditEntry.objects.values_list("id", flat=True))
        assert not left & {*old, *older}
        assert {*recent, *unsealed} <= left
        verdict = verify_tenant()
        assert verdict.finding is None
        assert verdict.seals == 3
        assert verdict.rows == 3
        assert verdict.forgotten is not None
        assert (verdict.forgotten.last, verdict.forgotten.lines) == (2, 6)
        told = AuditEntry.objects.get(action="history.forgotten")
        assert told.details == {"blocks": "1–2", "lines": 6}
        assert forget_history(now=NOW) is None
    with tenant_scope(contoso.id):
        assert forget_history(now=NOW) is None
        assert set(others[0]) <= set(AuditEntry.objects.values_list("id", flat=True))


def test_R64_the_command_that_verifies_says_which_blocks_were_forgotten(fabrikam):
    sealed(fabrikam, 200, 100, 50)
    keep(fabrikam, 90)
    with tenant_scope(fabrikam.id):
        assert forget_history(now=NOW) is not None
    said = StringIO()
    call_command("verify_audit", "--tenant", "fabrikam.example", stdout=said)
    assert "is as it was written: 3 lines in 3 seals." in said.getvalue()
    assert "Blocks 1–2 were forgotten on" in said.getvalue()
    assert "the chain through them is intact" in said.getvalue()


def test_R64_it_keeps_the_history_for_ever_where_no_number_of_days_is_set(fabrikam):
    sealed(fabrikam, 4000)
    with tenant_scope(fabrikam.id):
        assert forget_history(now=NOW) is None
        assert AuditEntry.objects.count() == 3


def test_R64_a_night_with_much_to_forget_goes_on_behind_what_waits(fabrikam, contoso, monkeypatch):
    for tenant in (fabrikam, contoso):
        sealed(tenant, 100)
        keep(tenant, 60)
    monkeypatch.setattr(tasks, "STAYS", -1.0)
    with broker_at("memory://"):
        forget_old_history()
        (message,) = published()
    assert "tenants.tasks.forget_old_history" in message
    with tenant_scope(contoso.id):
        assert not AuditEntry.objects.filter(action="history.forgotten").exists()
    monkeypatch.undo()
    with broker_at("memory://"):
        forget_old_history()
        assert published() == []
    for tenant in (fabrikam, contoso):
        with tenant_scope(tenant.id):
            assert AuditEntry.objects.filter(action="history.forgotten").count() == 1


def test_R64_every_night_it_forgets_for_each_tenant_that_asks_for_it(fabrikam, contoso):
    sealed(fabrikam, 100)
    sealed(contoso, 100)
    keep(contoso, 60)
    forget_old_history()
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.count() == 3
    with tenant_scope(contoso.id):
        assert set(AuditEntry.objects.values_list("action", flat=True)) == {"history.kept", "history.forgotten"}


@pytest.mark.parametrize("days", [29, 0, -1, 3651])
def test_R64_it_refuses_a_number_of_days_out_of_bounds(fabrikam, days):
    with tenant_scope(fabrikam.id):
        assert isinstance(set_history_days(tenant=fabrikam, days=days, actor=SYSTEM, now=NOW), Refusal)
    fabrikam.refresh_from_db()
    assert fabrikam.history_days is None


def test_R64_it_says_before_a_change_what_would_be_forgotten(fabrikam):
    sealed(fabrikam, 200, 100, 50)
    now = datetime.now(UTC)
    with tenant_scope(fabrikam.id):
        assert consequence_of(days=90, now=NOW).lines == 6
        assert consequence_of(days=365, now=NOW).lines == 0
        oldest = consequence_of(days=90, now=NOW).oldest
    assert oldest is not None
    assert abs(oldest - (now - timedelta(days=200))) < timedelta(minutes=5)


# --- whoever has the application's role ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tenants_auditentry",
        "UPDATE tenants_auditentry SET at = now() - interval '10 years'",
        "UPDATE tenants_auditseal SET forgotten_at = now()",
        "DELETE FROM tenants_auditseal",
        "ALTER FUNCTION public.forget_history(integer) SECURITY INVOKER",
    ],
)
def test_B6_the_application_role_may_not_touch_the_history_past_the_function(fabrikam, statement):
    sealed(fabrikam, 50)
    with tenant_scope(fabrikam.id), pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        by_hand(statement)


def test_B6_the_application_role_cannot_make_the_function_delete_what_is_younger_than_30_days(fabrikam):
    _, recent = sealed(fabrikam, 45, 20)
    with pytest.raises(Exception, match="tenant_history_days"), transaction.atomic():
        by_hand(f"UPDATE tenants_tenant SET history_days = 0 WHERE id = '{fabrikam.id}'")
    by_hand(f"UPDATE tenants_tenant SET history_days = 30 WHERE id = '{fabrikam.id}'")
    with tenant_scope(fabrikam.id):
        # A seal of their own making, over everything there is, that says it is long gone.
        made = AuditSeal.objects.order_by("-sequence")[0]
        made.id, made.sequence, made.first_id = None, made.sequence + 1, 1
        made.last_id = recent[-1]
        made.save(force_insert=True)
        for _ in range(3):
            by_hand("SELECT public.forget_history(1000000)")
        assert set(AuditEntry.objects.values_list("id", flat=True)) == set(recent)


def test_B6_the_function_looks_at_no_other_tenant_and_at_none_where_none_is_set(fabrikam, contoso):
    kept = sealed(fabrikam, 100)[0]
    keep(fabrikam, 30)
    by_hand("SELECT public.forget_history(1000000)")
    by_hand("SELECT set_config('app.every_tenant', 'on', false)")
    by_hand("SELECT public.forget_history(1000000)")
    by_hand("SELECT set_config('app.every_tenant', '', false)")
    with tenant_scope(contoso.id):
        by_hand("SELECT public.forget_history(1000000)")
    with tenant_scope(fabrikam.id):
        assert set(kept) <= set(AuditEntry.objects.values_list("id", flat=True))


def test_B6_nobody_but_the_application_role_may_call_the_function_and_its_path_is_pinned(fabrikam):
    with owner() as cursor:
        found: Any = cursor.execute(
            "SELECT prosecdef, proconfig, proacl::text FROM pg_proc WHERE proname = 'forget_history'"
        ).fetchone()
    security, settings, rights = found
    assert security is True
    assert settings == ["search_path=pg_catalog, pg_temp"]
    # "=X/owner" would be everybody.
    assert not [right for right in rights.strip("{}").split(",") if right.startswith("=")]


def test_R64_a_line_that_comes_back_into_a_forgotten_block_is_found(fabrikam):
    (block,) = sealed(fabrikam, 100)
    keep(fabrikam, 30)
    with tenant_scope(fabrikam.id):
        assert forget_history(now=NOW) is not None
        AuditEntry.objects.create(
            id=block[1], tenant_id=fabrikam.id, happened_at=NOW, actor_kind="system", action="x.y", outcome="success"
        )
        finding = verify_tenant().finding
    assert finding is not None
    assert (finding.fault, finding.id) == (Fault.ROW_INSERTED, block[1])


def test_R64_a_seal_that_says_forgotten_and_was_changed_is_found(fabrikam):
    sealed(fabrikam, 100)
    keep(fabrikam, 30)
    with tenant_scope(fabrikam.id):
        assert forget_history(now=NOW) is not None
        tamper("UPDATE tenants_auditseal SET count = count + 1 WHERE sequence = 1")
        finding = verify_tenant().finding
    assert finding is not None
    assert finding.fault is Fault.SEAL_CHANGED


def disown(block: list[int], sequence: int) -> None:
    """What the tables' owner does to be rid of a block: its lines go, and its seal says that they were forgotten."""
    tamper("DELETE FROM tenants_auditentry WHERE id = ANY(%s)", block)
    tamper("UPDATE tenants_auditseal SET forgotten_at = now() WHERE sequence = %s", sequence)


def test_R64_a_block_that_is_forgotten_before_an_older_one_is_found(fabrikam):
    blocks = sealed(fabrikam, 200, 100, 50)
    with tenant_scope(fabrikam.id):
        disown(blocks[1], 2)
        assert verify_tenant().finding == Finding(Fault.FORGOTTEN_OUT_OF_TURN, 2)


def test_R64_a_block_that_is_forgotten_without_a_line_that_tells_is_found(fabrikam):
    blocks = sealed(fabrikam, 200, 100, 50)
    keep(fabrikam, 150)
    with tenant_scope(fabrikam.id):
        assert forget_history(now=NOW) == Forgotten(1, 1, 3)
        assert verify_tenant().finding is None
        disown(blocks[1], 2)
        assert verify_tenant().finding == Finding(Fault.FORGOTTEN_UNTOLD, 2)
        # Nor does it help to say that it was long ago: no later forgetting followed.
        tamper("UPDATE tenants_auditseal SET forgotten_at = now() - interval '90 days' WHERE sequence = 2")
        assert verify_tenant().finding == Finding(Fault.FORGOTTEN_UNTOLD, 2)
    with pytest.raises(CommandError, match="Block 2 is said to be forgotten, and no line"):
        call_command("verify_audit", "--tenant", "fabrikam.example", stdout=StringIO())


def test_R64_a_forgetting_whose_own_line_is_forgotten_by_now_is_believed(fabrikam):
    sealed(fabrikam, 200)
    keep(fabrikam, 60)
    with tenant_scope(fabrikam.id):
        assert forget_history(now=NOW) == Forgotten(1, 1, 3)
        tamper("UPDATE tenants_auditseal SET forgotten_at = now() - interval '100 days' WHERE sequence = 1")
        tamper("UPDATE tenants_auditentry SET at = now() - interval '100 days'")
        seal_tenant()
        assert forget_history(now=NOW) == Forgotten(2, 2, 2)
        assert AuditEntry.objects.get().details["blocks"] == "2–2"
        assert verify_tenant().finding is None


def test_R64_blocks_that_are_forgotten_while_somebody_verifies_are_no_fault(fabrikam, monkeypatch):
    sealed(fabrikam, 300, 200, 100)
    keep(fabrikam, 60)
    monkeypatch.setattr(verifying, "_SEALS_PAGE", 1)
    pages = verifying._seals()
    with tenant_scope(fabrikam.id):
        first = next(pages)
        assert forget_history(now=NOW) == Forgotten(1, 3, 9)
        for late in pages:
            assert late.forgotten_at is not None
            told = verifying._forgettings()
            assert verifying._check_forgotten(late, late.forgotten_at, told, is_after_kept=True) is None
        assert first.forgotten_at is None
        assert verify_tenant().finding is None


def test_R64_it_forgets_no_more_at_once_than_a_transaction_bears(fabrikam):
    sealed(fabrikam, 200, 100)
    keep(fabrikam, 30)
    with tenant_scope(fabrikam.id), connection.cursor() as cursor:
        cursor.execute("SELECT first_block, last_block, lines FROM public.forget_history(1)")
        assert cursor.fetchone() == (1, 1, 3)
    assert AT_ONCE <= 50_000
