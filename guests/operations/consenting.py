"""Consent: Review permissions, then Terms of use, then the redemption is complete (R22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from guests.models import Consent, ConsentKind, Ended, Guest, GuestSession, Invitation, Redemption, Status
from guests.operations.linking import link_identity
from guests.operations.signing_in import end_sessions_of
from guests.rules import Step, is_domain_taken, next_step
from tenants import audit
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.refusals import Code, Refusal, Refused


@dataclass(frozen=True)
class Consented:
    """One more yes: `step` is the page that comes next, DONE when the redemption is complete."""

    step: Step


def step_of(*, tenant: Tenant, guest: Guest) -> Step:
    """The page that this signed-in guest has to see next. One statement, none for who has accepted."""
    if guest.has_accepted:
        return Step.DONE
    return next_step(status=guest.redemption_status, given=_given(guest), terms_version=tenant.terms_in_force)


def accept_permissions(*, tenant: Tenant, session: GuestSession, actor: Actor, now: datetime) -> Consented | Refusal:
    """Record the yes to Review permissions. Completes the redemption where the tenant has no terms of use."""
    return _consent(ConsentKind.PERMISSIONS, 0, tenant, session, actor, now)


def accept_terms(
    *, tenant: Tenant, session: GuestSession, version: int, actor: Actor, now: datetime
) -> Consented | Refusal:
    """Record the yes to the version of the terms that the page showed, and complete the redemption.

    A version that was replaced while the guest read is not recorded: the page shows the new one.
    """
    if version != tenant.terms_in_force:
        return Consented(step_of(tenant=tenant, guest=session.guest))
    return _consent(ConsentKind.TERMS, version, tenant, session, actor, now)


def decline_consent(*, session: GuestSession, actor: Actor, now: datetime) -> bool:
    """Say no: the session ends, the redemption stays pending and the invitation open.

    False, and nothing done, for who has accepted already, in another tab or with the back button.
    """
    with transaction.atomic():
        guest = Guest.objects.select_for_update().get(id=session.guest_id)
        if guest.has_accepted:
            return False
        end_sessions_of(guest_id=session.guest_id, why=Ended.SIGNED_OUT, only=session.id)
        audit.record(
            actor=actor,
            action="guest.declined",
            at=now,
            subject_kind="guest",
            subject_id=session.guest_id,
            outcome=audit.Outcome.REFUSED,
            code=Code.DECLINED,
        )
    return True


def _given(guest: Guest) -> list[tuple[str, int]]:
    return list(Consent.objects.filter(guest=guest, withdrawn_at__isnull=True).values_list("kind", "version"))


def _consent(
    kind: ConsentKind, version: int, tenant: Tenant, session: GuestSession, actor: Actor, now: datetime
) -> Consented | Refusal:
    try:
        with transaction.atomic():
            guest = Guest.objects.select_for_update().get(id=session.guest_id)
            still = GuestSession.objects.filter(id=session.id, ended_at__isnull=True, expires_at__gt=Now()).exists()
            if not still or not guest.may_sign_in:
                raise Refused(Refusal(Code.SESSION, reason="The session ended while the page was open."))
            if not is_domain_taken(guest.domain, allowed=tenant.allowed_domains, denied=tenant.denied_domains):
                raise Refused(Refusal(Code.DOMAIN, reason=f"This tenant does not take guests from {guest.domain}."))
            step = next_step(status=guest.redemption_status, given=_given(guest), terms_version=tenant.terms_in_force)
            if step.value != kind.value:  # a double click, or the back button: nothing is asked twice
                return Consented(step)
            Consent.objects.create(tenant_id=tenant.id, guest=guest, kind=kind, version=version)
            audit.record(
                actor=actor,
                action=f"consent.{kind.value}",
                at=now,
                subject_kind="guest",
                subject_id=guest.id,
                details={"version": version},
            )
            step = next_step(status=guest.redemption_status, given=_given(guest), terms_version=tenant.terms_in_force)
            if step is Step.DONE:
                _accept(guest, session, actor, now)
            return Consented(step)
    except Refused as refused:
        return refused.refusal


def _of_the_same(session: GuestSession) -> list[UUID]:
    """The guest's sessions that the same method, at the same provider, and the same identity opened."""
    alike = GuestSession.objects.filter(
        guest_id=session.guest_id, method=session.method, provider_id=session.provider_id, ended_at__isnull=True
    )
    return [one.id for one in alike if _identity(one) == _identity(session)]


def _identity(session: GuestSession) -> tuple[str, str]:
    said = session.identity or {}
    return said.get("issuer", ""), said.get("subject", "")


def _accept(guest: Guest, session: GuestSession, actor: Actor, now: datetime) -> None:
    """Only now does the status change, and the method stick (R3, R22)."""
    if session.invitation_id is not None:
        own = Invitation.objects.filter(id=session.invitation_id, ended_at__isnull=True)
        if not own.update(accepted_at=Now()):
            raise Refused(Refusal(Code.LINK_GONE, reason="The invitation was withdrawn while the page was open."))
    # Who came in by another door has accepted what they were invited to all the same.
    live = Invitation.objects.filter(guest=guest, ended_at__isnull=True, accepted_at__isnull=True)
    live.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=Now())).update(accepted_at=Now())
    Guest.objects.filter(id=guest.id).update(
        redemption_status=Status.ACCEPTED,
        redemption_status_changed_at=Now(),
        method=session.method,
        method_provider_id=session.provider_id,
    )
    # Another tab may have proven another method or another identity; only what redeemed goes on (R3, R36).
    others = GuestSession.objects.filter(guest=guest, ended_at__isnull=True).exclude(id=session.id)
    others.exclude(id__in=_of_the_same(session)).update(ended_at=Now(), ended_why=Ended.REPLACED)
    if session.identity is not None:
        link_identity(guest=guest, session=session)
    Redemption.objects.create(
        tenant_id=guest.tenant_id,
        guest=guest,
        invitation_id=session.invitation_id,
        method=session.method,
        reasons=session.reasons,
    )
    audit.record(
        actor=actor,
        action="guest.redeemed",
        at=now,
        subject_kind="guest",
        subject_id=guest.id,
        details={"method": session.method},
    )
