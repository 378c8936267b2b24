"""Switching a tenant's own providers off and on, and removing them. It never reaches a provider over the network."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from providers.models import IdentityProvider
from providers.operations.settings import Change, hold_settings, refuse
from tenants.audit import Actor, record
from tenants.refusals import Code, Refusal

REMOVED = "identity_provider.removed"
SWITCHED = "identity_provider.switched"
SUBJECT = "identity_provider"
GONE = "There is no such provider any more."


def enable_identity_provider(
    *, provider_id: UUID, actor: Actor, now: datetime, shown_version: str = ""
) -> Change[bool] | Refusal:
    """Ask this provider at later redemptions, and let its guests in again.

    Refuses with E-INPUT when it is gone, and where the settings have changed since `shown_version`.
    """
    return _switch(provider_id, True, actor=actor, now=now, shown_version=shown_version)


def disable_identity_provider(
    *, provider_id: UUID, actor: Actor, now: datetime, shown_version: str = ""
) -> Change[bool] | Refusal:
    """Stop asking this provider; its guests cannot sign in until it is on again or they are reset (R3).

    Refuses with E-INPUT when it is gone, and where the settings have changed since `shown_version`.
    """
    return _switch(provider_id, False, actor=actor, now=now, shown_version=shown_version)


def remove_identity_provider(
    *, provider_id: UUID, actor: Actor, now: datetime, shown_version: str = ""
) -> str | Refusal:
    """Remove a provider and free its domains; its guests wait for a reset (R3). Returns the name that it had.

    Refuses with E-INPUT when it is gone, and where the settings have changed since `shown_version`.
    """
    with transaction.atomic():
        if changed := hold_settings(shown_version):
            return changed
        provider = IdentityProvider.objects.filter(pk=provider_id).first()
        if provider is None:
            return refuse(code=Code.INPUT, reason=GONE, action=REMOVED, actor=actor, now=now)
        domains = list(provider.domains.order_by("domain").values_list("domain", flat=True))
        provider.delete()
        details = {"kind": provider.kind, "name": provider.name, "domains": domains}
        record(actor=actor, action=REMOVED, at=now, subject_kind=SUBJECT, subject_id=provider_id, details=details)
        return provider.name


def _switch(
    provider_id: UUID, after: bool, *, actor: Actor, now: datetime, shown_version: str
) -> Change[bool] | Refusal:
    with transaction.atomic():
        if changed := hold_settings(shown_version):
            return changed
        provider = IdentityProvider.objects.filter(pk=provider_id).first()
        if provider is None:
            return refuse(code=Code.INPUT, reason=GONE, action=SWITCHED, actor=actor, now=now)
        before = provider.is_enabled
        if before is not after:
            IdentityProvider.objects.filter(pk=provider_id).update(is_enabled=after)
            details = {"name": provider.name, "before": before, "after": after}
            record(actor=actor, action=SWITCHED, at=now, subject_kind=SUBJECT, subject_id=provider_id, details=details)
        return Change(before, after)
