"""A line in the history of every tenant where an administrator holds a role.

Knows that what somebody signs in with concerns each of them, and tells none of the others. Called outside any scope, in
the transaction of whoever changes it. (R63, R64)
"""

from __future__ import annotations

from datetime import datetime

from tenants import audit
from tenants.audit import Actor
from tenants.models import Administrator, Tenant
from tenants.scope import tenant_scope


def record_everywhere(*, action: str, administrator: Administrator, actor: Actor, now: datetime) -> None:
    """The same line in each tenant of theirs; none for who holds no role anywhere."""
    for tenant in Tenant.objects.filter(roles__administrator=administrator).distinct().order_by("id"):
        with tenant_scope(tenant.id):
            audit.record_of_administrator(administrator=administrator, action=action, actor=actor, at=now)
