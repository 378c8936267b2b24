"""How a tenant shows itself: its logo is stored, or taken away."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction

from tenants import audit
from tenants.audit import Actor
from tenants.logos import LogoRefused, drawn
from tenants.models import Tenant
from tenants.refusals import Code, Refusal


def change_logo(*, tenant: Tenant, content: bytes, actor: Actor, now: datetime) -> Tenant | Refusal:
    """Draw the logo anew and show it on every page and mail from now on. Refuses what is no picture or too large."""
    try:
        picture = drawn(content)
    except LogoRefused as refused:
        return Refusal(Code.INPUT, reason=str(refused))
    return _store(tenant, picture, hashlib.sha256(picture).hexdigest(), actor, now)


def remove_logo(*, tenant: Tenant, actor: Actor, now: datetime) -> Tenant:
    """Show the name alone again."""
    return _store(tenant, None, "", actor, now)


def _store(tenant: Tenant, picture: bytes | None, digest: str, actor: Actor, now: datetime) -> Tenant:
    with transaction.atomic():
        row = Tenant.objects.select_for_update().get(id=tenant.id)
        if row.logo_digest == digest:
            return row
        row.logo, row.logo_digest = picture, digest
        row.save(update_fields=["logo", "logo_digest"])
        audit.record(
            actor=actor,
            action="tenant.logo_changed" if picture else "tenant.logo_removed",
            at=now,
            subject_kind="tenant",
            subject_id=row.id,
            details={"digest": digest},
        )
        return row
