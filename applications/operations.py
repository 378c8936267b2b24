"""Adding and removing what a tenant shares. The only writer of applications."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from applications.models import Application
from tenants import audit
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.origins import canonical_origin, origin_of
from tenants.refusals import Code, Refusal


def add_application(
    *, tenant: Tenant, name: str, description: str, url: str, actor: Actor, now: datetime
) -> Application | Refusal:
    """Share an application; its origin is registered with the tenant, so that guests may land there (R39).

    Refuses an address that is no https address (http on the machine itself is taken), a name that is missing or that
    another application of the tenant has, and what is too long to be kept (E-INPUT).
    """
    origin = origin_of(url)
    if origin is None:
        return Refusal(Code.INPUT, reason="The application's address must begin with https:// and name a host.")
    try:
        origin = canonical_origin(origin)
    except ValueError as error:
        return Refusal(Code.INPUT, reason=f"The application's address: {error}")
    wanted = Application(tenant_id=tenant.id, name=name.strip(), description=description.strip(), url=url)
    wrong = _wrong(wanted)
    if wrong:
        return Refusal(Code.INPUT, reason=wrong)
    try:
        with transaction.atomic():
            locked = Tenant.objects.select_for_update().get(id=tenant.id)
            if origin not in locked.landing_origins:
                locked.landing_origins = [*locked.landing_origins, origin]
                locked.save(update_fields=["landing_origins"])
                tenant.landing_origins = locked.landing_origins
            wanted.save(force_insert=True)
            audit.record(
                actor=actor,
                action="application.added",
                at=now,
                subject_kind="application",
                subject_id=wanted.id,
                details={"name": wanted.name, "origin": origin},
            )
            return wanted
    except IntegrityError:
        return Refusal(Code.INPUT, reason=f"There is an application called {wanted.name} already.")


def remove_application(*, application_id: UUID, actor: Actor, now: datetime) -> bool:
    """Stop sharing an application; its origin stays registered. False where there is none."""
    with transaction.atomic():
        gone = Application.objects.select_for_update().filter(id=application_id).first()
        if gone is None:
            return False
        gone.delete()
        audit.record(
            actor=actor,
            action="application.removed",
            at=now,
            subject_kind="application",
            subject_id=application_id,
            details={"name": gone.name},
        )
        return True


def _wrong(application: Application) -> str:
    """The first thing that keeps the row from being stored, as a sentence that names it; "" when nothing does."""
    try:
        application.clean_fields(exclude=["tenant", "url"])  # origin_of has read the address
    except ValidationError as error:
        name, said = next(iter(error.message_dict.items()))
        return f"The application's {name}: {said[0]}"
    return ""
