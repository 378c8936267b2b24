"""Forgetting deeds for many guests: a month after their end, file and rows and all.

Knows how long each is kept. It must never take a batch away that somebody may still start or go on with, except one
that has waited to be started for as long.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from guests.models import Batch, BatchPart, BatchRow, BatchState

KEEP_BATCHES: Final = timedelta(days=30)
"""After the end, as long as its result file can be asked for; the file's own columns stand in that."""


def forget_rows(*, at_most: int) -> int:
    """Delete up to `at_most` rows of batches that are over, inside every_tenant(); returns how many."""
    over = BatchRow.objects.filter(batch__in=_over()).values_list("pk", flat=True)[:at_most]
    return BatchRow.objects.filter(pk__in=list(over)).delete()[0]


def forget_parts(*, at_most: int) -> int:
    """Delete up to `at_most` pieces of files that nobody can ask for again, inside every_tenant(); returns how many.

    A file that cannot be read goes at once.
    """
    useless = Batch.objects.filter(state=BatchState.UNREADABLE, ended_at__isnull=False)
    of_them = BatchPart.objects.filter(Q(batch__in=_over()) | Q(batch__in=useless))
    return BatchPart.objects.filter(pk__in=list(of_them.values_list("pk", flat=True)[:at_most])).delete()[0]


def forget_batches(*, at_most: int) -> int:
    """Delete up to `at_most` batches of which no row and no piece is left, inside every_tenant(); returns how many."""
    gone = 0
    for batch in _over().order_by("ended_at")[:at_most]:
        left = BatchRow.objects.filter(batch=batch).exists() or BatchPart.objects.filter(batch=batch).exists()
        gone += 0 if left else Batch.objects.filter(pk=batch.pk).delete()[0]
    return gone


def _over() -> QuerySet[Batch]:
    waited = Q(state=BatchState.CHECKED, ended_at__isnull=True, checked_at__lt=Now() - KEEP_BATCHES)
    return Batch.objects.filter(Q(ended_at__lt=Now() - KEEP_BATCHES) | waited)
