"""R63: two Global Administrators who remove each other at once leave one: threads behind a barrier, PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest
from django.db import connection

from tenants.administering import remove_administrator, set_roles
from tenants.audit import Actor, ActorKind
from tenants.models import Administrator, AuditEntry, RoleAssignment, Tenant
from tenants.refusals import Refusal
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8
GLOBAL = Role.GLOBAL_ADMINISTRATOR


def remove(tenant: Tenant, who: Administrator, actor: Actor, now: datetime) -> object:
    return remove_administrator(tenant=tenant, administrator=who, actor=actor, now=now)


def demote(tenant: Tenant, who: Administrator, actor: Actor, now: datetime) -> object:
    return set_roles(tenant=tenant, administrator=who, roles=[Role.GLOBAL_READER], shown=[GLOBAL], actor=actor, now=now)


@pytest.mark.parametrize("deeds", [(remove, remove), (demote, demote), (remove, demote)], ids=lambda deeds: "R63")
def test_R63_at_least_one_global_administrator_stays(
    fabrikam: Tenant, deeds: tuple[Callable[..., object], Callable[..., object]]
) -> None:
    for turn in range(ROUNDS):
        RoleAssignment.objects.filter(tenant=fabrikam).delete()
        two = [factories.administrator(f"a{turn}{side}@fabrikam.example", (fabrikam, GLOBAL)) for side in "xy"]
        barrier, answers = Barrier(2), list[object]()

        def run(
            deed: Callable[..., object],
            who: Administrator,
            actor: Administrator,
            barrier: Barrier = barrier,
            answers: list[object] = answers,
        ) -> None:
            try:
                connection.ensure_connection()
                barrier.wait()
                with tenant_scope(fabrikam.id):
                    acting = Actor(ActorKind.ADMINISTRATOR, actor.email, id=actor.pk)
                    answers.append(deed(fabrikam, who, acting, datetime.now(UTC)))
            finally:
                connection.close()

        threads = [Thread(target=run, args=(deeds[side], two[1 - side], two[side])) for side in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(answers) == 2
        assert sum(isinstance(answer, Refusal) for answer in answers) == 1
        assert RoleAssignment.objects.filter(tenant=fabrikam, role=GLOBAL).count() == 1
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.count() == ROUNDS
