"""Forgetting what is over: flows and sessions long past their end, guests long deleted. For housekeeping, inside
every_tenant(). The history is never forgotten here.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from guests.models import (
    Consent,
    FederatedIdentity,
    Guest,
    GuestSession,
    Invitation,
    ProviderAnswer,
    Redemption,
    SignInFlow,
)
from guests.operations.deleting import KEEP_DELETED

KEEP_FLOWS = timedelta(days=1)
"""A flow that has ended is only asked for by an old tab."""

KEEP_ANSWERS = timedelta(minutes=10)
"""What a provider posted is fetched at once; anybody may have posted what nobody comes for, and it may be large."""

KEEP_SESSIONS = timedelta(days=30)
"""Ended sessions stand on the guest's page in the portal; the audit keeps the sign-ins."""


def forget_flows(*, at_most: int) -> int:
    """Delete up to `at_most` flows that expired a day ago; returns how many."""
    old = list(SignInFlow.objects.filter(expires_at__lt=Now() - KEEP_FLOWS).values_list("id", flat=True)[:at_most])
    GuestSession.objects.filter(flow_id__in=old).update(flow=None)
    gone, _ = SignInFlow.objects.filter(id__in=old).delete()
    return gone


def forget_answers(*, at_most: int) -> int:
    """Delete up to `at_most` answers of providers that no browser came for; returns how many."""
    old = ProviderAnswer.objects.filter(received_at__lt=Now() - KEEP_ANSWERS).values_list("id", flat=True)[:at_most]
    gone, _ = ProviderAnswer.objects.filter(id__in=list(old)).delete()
    return gone


def forget_sessions(*, at_most: int) -> int:
    """Delete up to `at_most` sessions that expired 30 days ago; returns how many."""
    old = list(GuestSession.objects.filter(expires_at__lt=Now() - KEEP_SESSIONS).values_list("id", flat=True)[:at_most])
    gone, _ = GuestSession.objects.filter(id__in=old).delete()
    return gone


def forget_deleted_guests(*, at_most: int) -> int:
    """Delete up to `at_most` guests who were deleted 30 days ago, and every row that hangs on them (R55); how many.

    Locked first, so that nobody is restored meanwhile; whoever is being restored now is passed over.
    """
    with transaction.atomic():
        over = Guest.objects.filter(deleted_at__isnull=False, deleted_at__lte=Now() - KEEP_DELETED)
        gone = list(over.select_for_update(skip_locked=True).values_list("id", flat=True)[:at_most])
        if not gone:
            return 0
        flows = SignInFlow.objects.filter(guest_id__in=gone).values("id")
        # Row by row of one table after the other, what points before what is pointed at: no cascade is left to do.
        GuestSession.objects.filter(guest_id__in=gone).delete()
        GuestSession.objects.filter(flow_id__in=flows).update(flow=None)
        ProviderAnswer.objects.filter(flow_id__in=flows).delete()
        SignInFlow.objects.filter(guest_id__in=gone).delete()
        for model in (FederatedIdentity, Consent, Redemption, Invitation, Guest):
            whose = "id__in" if model is Guest else "guest_id__in"
            model.objects.filter(**{whose: gone}).delete()
        return len(gone)
