"""Administrators who do not come in.

Knows what the tenants' histories tell of a wrong password or code and of the pause after too many (R63, R64). It must
never tell the door whether there is such an administrator, nor let a stranger fill a history.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tenants import audit, budgets
from tenants.audit import Actor, Outcome
from tenants.budgets import Allowance
from tenants.models import Administrator, Tenant
from tenants.scope import tenant_scope

LINES = 20
LINES_LAST = timedelta(hours=1)
"""An administrator's lines at most; after them, the pauses still hold and the history has seen enough to ask why."""


def record_refused_sign_in(*, email: str, is_paused: bool, actor: Actor, now: datetime) -> None:
    """Write that somebody failed to sign in as this administrator, in every tenant where they hold a role.

    `email` in lower case; nothing where no administrator has it. Called outside any scope: it enters each in turn.
    """
    administrator = Administrator.objects.filter(email=email).first()
    if administrator is None:
        return
    line = Allowance(budgets.key("portal-refused", administrator.pk), LINES, LINES_LAST)
    if budgets.take([line]) is not None:
        return
    for tenant in Tenant.objects.filter(roles__administrator=administrator).distinct().order_by("id"):
        with tenant_scope(tenant.id), transaction.atomic():
            audit.record(
                actor=actor,
                action="administrator.sign_in_paused" if is_paused else "administrator.sign_in_failed",
                at=now,
                subject_kind="administrator",
                subject_id=administrator.pk,
                outcome=Outcome.REFUSED if is_paused else Outcome.FAILED,
                address=email,
            )
