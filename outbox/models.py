"""Mails that must not be lost, one row each.

Knows what is to be sent (a kind and a subject's id), when it is due and how far it has come. It must never hold a
code, a link's secret or a recipient: the mail is made from its subject at the moment of sending. (R13, DESIGN 4)
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Self, TypeVar
from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from outbox.rules import HEAD_START, LATE_BULK_TRIES, PATIENT_AFTER, RECIPIENT_REFUSED
from tenants.owned import OwnedManager, OwnedModel, OwnedQuerySet

M = TypeVar("M", bound=models.Model, covariant=True)


class State(models.TextChoices):
    """How far a mail has come. The first two are waiting; the others are settled."""

    QUEUED = "queued", "Queued"
    LEASED = "leased", "Being sent"
    HANDED_OVER = "handed_over", "Handed over"
    DELIVERED = "delivered", "Delivered"
    DEFERRED = "deferred", "Deferred by the recipient's server"
    BOUNCED = "bounced", "Bounced"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Not sent: nobody invited this address"
    DROPPED = "dropped", "Not sent: it would have come too late"


class Rank(models.IntegerChoices):
    """Which mails go first: somebody waits for a code at a page, for an invitation nobody does. (R17)"""

    CODE = 0, "Code"
    INVITATION = 1, "Invitation"
    BULK = 2, "Bulk invitation"


WAITING = (State.QUEUED, State.LEASED)
NOT_SENT = (State.FAILED, State.BOUNCED)
"""Settled, and somebody should look why."""


class OutboundMailQuerySet(OwnedQuerySet[M]):
    """Mails by how far they have come, and by what they are about."""

    def waiting(self) -> Self:
        """Neither handed over nor given up."""
        return self.filter(state__in=WAITING)

    def late(self, by: timedelta) -> Self:
        """Waiting for longer than that: since it was asked for, or since its turn came where it is a bulk mail (R17).

        Neither counts a bulk mail that waits for its tenant's rate, nor one whose recipient's server goes on asking to
        wait: every other mail can leave.
        """
        since = Now() - by
        # Three alternatives side by side, each with an index: many thousands of bulk mails may wait for their turn.
        asked_for = models.Q(rank__lt=Rank.BULK, created_at__lt=since)
        at_the_rate = models.Q(tenant__bulk_paced_at__gte=since)
        in_turn = models.Q(rank=Rank.BULK, due_at__lt=since) & ~at_the_rate
        tried = models.Q(rank=Rank.BULK, tries__gte=LATE_BULK_TRIES)
        asked_to_wait = models.Q(tries__gt=PATIENT_AFTER, reason__startswith=RECIPIENT_REFUSED)
        return self.waiting().filter(asked_for | in_turn | tried, ~asked_to_wait)

    def not_sent(self) -> Self:
        """Given up after the server's no."""
        return self.filter(state__in=NOT_SENT)

    def settled(self) -> Self:
        """Handed over or given up, one way or the other."""
        return self.exclude(state__in=WAITING)

    def about(self, kind: str, subject_id: UUID) -> Self:
        """All mails of one subject, the newest first."""
        return self.filter(kind=kind, subject_id=subject_id).order_by("-created_at", "-id")

    def latest_for(self, kind: str, subject_id: UUID) -> M | None:
        """The newest mail of one subject, for the page that tells how far it has come (R18)."""
        return self.about(kind, subject_id).first()


class OutboundMail(OwnedModel):
    """One mail. `due_at` is when it may be tried; on a leased row, when its sender counts as dead."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40, db_collation="C")
    subject_id = models.UUIDField()
    rank = models.PositiveSmallIntegerField(choices=Rank.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED, db_collation="C")
    due_at = models.DateTimeField(db_default=Now() + HEAD_START)
    deadline_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    leases_lost = models.PositiveSmallIntegerField(default=0)
    message_id = models.CharField(max_length=300, db_collation="C")
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    # What the mail provider calls it, empty where a mail server took it: its events name the mail so.
    provider_message_id = models.CharField(max_length=300, blank=True, default="", db_default="", db_collation="C")
    handed_over_at = models.DateTimeField(null=True)
    # When the provider says that it happened (R18).
    deferred_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects = OwnedManager.from_queryset(OutboundMailQuerySet)()  # type: ignore[assignment,misc]  # a manager per model

    class Meta(OwnedModel.Meta):
        verbose_name = "mail"
        indexes: ClassVar = [
            models.Index("rank", "due_at", name="mail_due", condition=models.Q(state__in=WAITING)),
            models.Index("tenant", "kind", "subject_id", name="mail_subject"),
            models.Index("tenant", name="mail_not_sent", condition=models.Q(state__in=NOT_SENT)),
            models.Index("tenant", "rank", "due_at", name="mail_turn", condition=models.Q(state__in=WAITING)),
            models.Index(
                "due_at", name="mail_again", condition=models.Q(state__in=WAITING, rank=Rank.BULK, tries__gt=0)
            ),
            models.Index("settled_at", name="mail_settled", condition=models.Q(settled_at__isnull=False)),
            models.Index("provider_message_id", name="mail_provider_id", condition=~models.Q(provider_message_id="")),
            models.Index(fields=["tenant", "-created_at", "-id"], name="mail_newest"),
            models.Index(fields=["tenant", "state", "-created_at", "-id"], name="mail_state"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="mail_settled_or_waiting",
                condition=models.Q(state__in=WAITING, settled_at__isnull=True)
                | (~models.Q(state__in=WAITING) & models.Q(settled_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} mail {self.id}"

    @property
    def state_at(self) -> datetime:
        """When the mail came to the state that it is in, as far as it is known."""
        said = {State.DEFERRED: self.deferred_at, State.DELIVERED: self.delivered_at, State.BOUNCED: self.bounced_at}
        return said.get(State(self.state)) or self.settled_at or self.created_at
