"""What a guest's page lets the least roles do and read (R17, R63, R64)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from passcodes import limits
from passcodes.rules import Pool
from tenants import audit
from tenants.audit import Actor, ActorKind
from tenants.budgets import take
from tenants.models import AuditEntry
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.portal import text


@pytest.fixture
def paused(nicole):
    """Nicole after a hundred wrong codes of strangers in a row."""
    prices = limits.failures(tenant_id=nicole.tenant_id, address_key=nicole.address_key, pool=Pool.STRANGER)
    streak = [price for price in prices if price.name == limits.PAUSE]
    for _ in range(100):
        take(streak)
    return nicole


def page_of(guest):
    return reverse("admin:guests_guest_change", args=[guest.pk])


def lift_of(guest):
    return reverse("admin:guests_lift_pause", args=[guest.pk])


def test_R17_the_pause_after_a_hundred_wrong_codes_is_lifted_on_the_guests_page(as_role, paused):
    helpdesk = as_role(Role.HELPDESK_ADMINISTRATOR)
    assert "Lift the pause" in helpdesk.get(page_of(paused)).content.decode()
    answer = helpdesk.post(lift_of(paused), follow=True)
    assert "may be tried again" in text(answer)
    assert "Lift the pause" not in answer.content.decode()
    with tenant_scope(paused.tenant_id):
        line = AuditEntry.objects.get(action="passcode.pause_lifted")
    assert line.details == {"address": paused.address_key}
    helpdesk.post(lift_of(paused))
    with tenant_scope(paused.tenant_id):
        assert AuditEntry.objects.filter(action="passcode.pause_lifted").count() == 1


def test_R17_there_is_no_button_where_nothing_is_paused(portal, nicole):
    assert "Lift the pause" not in portal.get(page_of(nicole)).content.decode()


def test_R63_who_may_not_reset_may_not_lift_a_pause(as_role, contosos, paused):
    inviter = as_role(Role.GUEST_INVITER)
    assert "Lift the pause" not in inviter.get(page_of(paused)).content.decode()
    assert inviter.post(lift_of(paused)).status_code == 403
    assert contosos.post(lift_of(paused)).status_code == 404


@pytest.mark.parametrize("role", [Role.GUEST_INVITER, Role.HELPDESK_ADMINISTRATOR], ids=lambda role: f"R63-{role}")
def test_R63_without_leave_for_the_audit_log_a_timeline_has_no_sources_and_no_references(as_role, portal, nicole, role):
    who = Actor(ActorKind.STRANGER, "", source="203.0.113.9", correlation="7F3A-91C2-0D4E")
    with tenant_scope(nicole.tenant_id):
        audit.record(
            actor=who, action="passcode.refused", at=nicole.created_at, subject_kind="guest", subject_id=nicole.pk
        )
    client = as_role(role)
    shown = text(client.get(page_of(nicole)))
    assert "Code refused" in shown
    assert "203.0.113.9" not in shown
    assert "7F3A-91C2-0D4E" not in shown
    history = reverse("admin:guests_guest_history", args=[nicole.pk])
    assert client.get(history).status_code == 403
    assert "203.0.113.9" in text(portal.get(page_of(nicole)))
    assert portal.get(history).status_code == 200
