"""R64: the history tells an administrator's tenants who failed to sign in as them, and nobody can fill it with that."""

from __future__ import annotations

import pytest
from django.test import Client

from tenants.models import ActorKind, AuditEntry, Outcome
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import sign_in_form, with_backup_code

LOGIN = "/admin/login/"
FAILED, PAUSED = "administrator.sign_in_failed", "administrator.sign_in_paused"


def lines(tenant):
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.filter(action__in=(FAILED, PAUSED)).order_by("id"))


@pytest.mark.parametrize(
    "typed", [{"password": "wrong"}, {"code": "zzzz2222"}, {"code": "123456"}], ids=lambda one: f"R64-{one}"
)
def test_R64_it_writes_a_line_for_whatever_was_wrong(adele, fabrikam, contoso, typed):
    with_backup_code(adele)
    Client(REMOTE_ADDR="198.51.100.7").post(LOGIN, sign_in_form(adele.email.upper(), **typed))
    (line,) = lines(fabrikam)
    assert (line.action, line.outcome, line.subject_id) == (FAILED, Outcome.FAILED, adele.pk)
    assert (line.actor_kind, line.actor_id, line.source) == (ActorKind.STRANGER, None, "198.51.100.7")
    assert line.correlation
    assert line.details == {}
    assert lines(contoso) == []


def test_R64_it_writes_a_line_in_each_tenant_of_that_administrator(fabrikam, contoso):
    both = factories.administrator(
        "both@fabrikam.example", (fabrikam, Role.GLOBAL_ADMINISTRATOR), (contoso, Role.GLOBAL_READER)
    )
    Client().post(LOGIN, sign_in_form(both.email))
    assert [len(lines(tenant)) for tenant in (fabrikam, contoso)] == [1, 1]


@pytest.mark.parametrize(
    "form",
    [sign_in_form("nobody@fabrikam.example"), sign_in_form("adele@fabrikam.example", code="")],
    ids=["R64-nobody", "R64-nothing tried"],
)
def test_R64_it_writes_no_line_where_nobody_was_tried(adele, fabrikam, form):
    assert Client().post(LOGIN, form).status_code == 200
    assert lines(fabrikam) == []


def test_R64_the_pause_is_a_line_too_and_an_hour_has_twenty_at_most(adele, fabrikam):
    for network in range(3):
        for _ in range(12):
            Client(REMOTE_ADDR=f"198.51.100.{network}").post(LOGIN, sign_in_form(adele.email, password="wrong"))
    assert [line.action for line in lines(fabrikam)] == [FAILED] * 9 + [PAUSED] * 3 + [FAILED] * 8
