"""An operator comes into a tenant.

Knows that this is worth a line in the tenant's history (R63, R64): an operator holds no role there, and its
administrators may ask who looked.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from tenants import audit
from tenants.audit import Actor


def enter_as_operator(*, tenant_id: UUID, actor: Actor, now: datetime) -> None:
    """Write that the operator chose this tenant. Runs inside its scope; refuses nothing."""
    with transaction.atomic():
        audit.record(actor=actor, action="tenant.entered", at=now, subject_kind="tenant", subject_id=tenant_id)
