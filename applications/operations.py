"""Adding and removing what a tenant shares. The only writer of applications."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from applications.models import Application
from tenants import audit
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.origins import origin_of
from tenants.refusals import Code, Refusal


def add_application(
    *, tenant: Tenant, name: str, description: str, url: str, actor: Actor, now: datetime
) -> Application | Refusal:
    """Share an application; its origin is registered with the tenant, so that guests may land there (R39).

    Refuses an address that is no http(s) address, and a name that another application of the tenant has (E-INPUT).
    """
    origin = origin_of(url)
    if origin is None:
        return Refusal(Code.INPUT, reason="The application's address must begin with https:// and name a host.")
    try:
        with transaction.atomic():
            locked = Tenant.objects.select_for_update().get(id=tenant.id)
            if origin not in locked.landing_origins:
                locked.landing_origins = [*locked.landing_origins, origin]
                locked.save(update_fields=["landing_origins"])
                tenant.landing_origins = locked.landing_origins
            made = Application.objects.create(tenant_id=tenant.id, name=name, description=description, url=url)
            audit.record(
                actor=actor,
                action="application.added",
                at=now,
                subject_kind="application",
                subject_id=made.id,
                details={"name": name, "origin": origin},
            )
            return made
    except IntegrityError:
        return Refusal(Code.INPUT, reason=f"There is an application called {name} already.")


def remove_application(*, application_id: UUID, actor: Actor, now: datetime) -> bool:
    """Stop sharing an application; its origin stays registered. False where there is none."""
    with transaction.atomic():
        gone, _ = Application.objects.filter(id=application_id).delete()
        if gone:
            audit.record(
                actor=actor,
                action="application.removed",
                at=now,
                subject_kind="application",
                subject_id=application_id,
            )
        return bool(gone)
