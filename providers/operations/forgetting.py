"""Forgetting spent assertions once they could no longer be accepted anyway. It must never forget one before that."""

from __future__ import annotations

from django.db.models.functions import Now

from providers.models import SpentAssertion


def forget_spent_assertions(*, at_most: int) -> int:
    """Delete up to `at_most` of them, of every tenant whose rows are open; returns how many (B15)."""
    old = list(SpentAssertion.objects.filter(expires_at__lt=Now()).values_list("id", flat=True)[:at_most])
    gone, _ = SpentAssertion.objects.filter(id__in=old).delete()
    return gone
