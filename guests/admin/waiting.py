"""Guests who wait for a reset because the provider that they redeemed with was removed (R3, R62)."""

from __future__ import annotations

from django.db.models import QuerySet

from guests.models import Guest
from guests.operations.batches.removed import removed_providers
from tenants.doors.admin import BoundedPaginator


def waiting_for_a_reset() -> QuerySet[Guest]:
    """These guests, unordered."""
    return Guest.objects.filter(method_provider_id__in=removed_providers(), deleted_at__isnull=True)


def how_many_wait() -> str:
    """Their number for people, at most "10,000+"; empty when there is none."""
    counted = BoundedPaginator(waiting_for_a_reset().order_by("pk"), 1)
    return counted.count_shown if counted.count else ""
