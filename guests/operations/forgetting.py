"""Forgetting what is over: flows and sessions long past their end. For housekeeping, inside every_tenant()."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from guests.models import GuestSession, ProviderAnswer, SignInFlow

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
