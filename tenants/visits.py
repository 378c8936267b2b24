"""Administrators come in.

Knows what the tenants' histories tell of it (R63, R64): a sign-in stands in every tenant where the administrator holds
a role; an operator, who holds none, leaves a line in the tenant that they chose, as its administrators may ask who
looked.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from tenants import audit
from tenants.audit import Actor
from tenants.models import Administrator, Tenant
from tenants.scope import tenant_scope


def record_sign_in(*, administrator: Administrator, actor: Actor, now: datetime) -> None:
    """Write that the administrator signed in with both factors. Called outside any scope: it enters each in turn."""
    for tenant in Tenant.objects.filter(roles__administrator=administrator).distinct().order_by("id"):
        with tenant_scope(tenant.id), transaction.atomic():
            audit.record(
                actor=actor,
                action="administrator.signed_in",
                at=now,
                subject_kind="administrator",
                subject_id=administrator.pk,
            )


def enter_as_operator(*, tenant_id: UUID, actor: Actor, now: datetime) -> None:
    """Write that the operator chose this tenant. Runs inside its scope; refuses nothing."""
    with transaction.atomic():
        audit.record(actor=actor, action="tenant.entered", at=now, subject_kind="tenant", subject_id=tenant_id)
