"""One deed for many guests, carried out by workers: its file, its rows, how far it has come. Rows and constraints only.

A row is written when the batch is checked, gets a verdict before anything is done, and a result when it is done. Both
stand in the transaction of the deed, so a worker that is killed leaves no row half done.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from tenants.owned import OwnedModel


class BatchKind(models.TextChoices):
    """What is done to each row's guest."""

    INVITATIONS = "invitations", "Invitations"
    RESETS = "resets", "Resets of redemption status"
    REMINDERS = "reminders", "Reminders"
    REVOCATIONS = "revocations", "Invitations revoked"


class BatchState(models.TextChoices):
    """How far a batch has come. In the first and the third a worker is at it."""

    CHECKING = "checking", "Being checked"
    CHECKED = "checked", "Checked, not started"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    DONE = "done", "Done"
    UNREADABLE = "unreadable", "Cannot be read"
    DISCARDED = "discarded", "Discarded"


AT_WORK = (BatchState.CHECKING, BatchState.RUNNING)
"""States in which a worker is at it, or should be."""


class Verdict(models.TextChoices):
    """What would become of a row, said before anything is done."""

    NEW = "new", "Will be done"
    AGAIN = "again", "Will be done again"
    REFUSED = "refused", "Cannot be done"


class Result(models.TextChoices):
    """What became of a row."""

    WAITING = "", "Waiting"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Batch(OwnedModel):
    """One deed for many guests. `choice` says which guests, where no file does; the counts move with the rows.

    `lease` is the token of the worker that is at it, until `leased_until`; each claim raises it. `lost_leases` are the
    workers that were silent since the last slice. `read_to` is how far the file or the choice has been read: a row's
    number, or a guest's id.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=BatchKind.choices, db_collation="C")
    state = models.CharField(max_length=12, choices=BatchState.choices, default=BatchState.CHECKING, db_collation="C")
    name = models.CharField(max_length=200)
    choice = models.JSONField(default=dict)
    is_mailed = models.BooleanField(default=True)
    starts_itself = models.BooleanField(default=False)
    problem = models.TextField(blank=True)

    actor_kind = models.CharField(max_length=20)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=254)
    actor_address = models.CharField(max_length=254, blank=True)
    source = models.CharField(max_length=100, blank=True)
    correlation = models.CharField(max_length=20, blank=True)

    read_to = models.CharField(max_length=40, blank=True)
    rows = models.PositiveIntegerField(default=0)
    rows_new = models.PositiveIntegerField(default=0)
    rows_again = models.PositiveIntegerField(default=0)
    rows_refused = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    mails = models.PositiveIntegerField(default=0)
    last_mail_at = models.DateTimeField(null=True)

    lease = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    lost_leases = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    checked_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "id"], name="batch_tenant_id")]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-created_at", "id"], name="batch_newest"),
            models.Index(fields=["leased_until"], name="batch_at_work", condition=Q(state__in=AT_WORK)),
            models.Index(fields=["ended_at"], name="batch_ended", condition=Q(ended_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def to_do(self) -> int:
        """Rows that are done when the batch is started."""
        return self.rows_new + self.rows_again

    @property
    def waiting(self) -> int:
        """Rows that are still to be done."""
        return max(self.to_do - self.done - self.failed, 0)

    @property
    def is_at_work(self) -> bool:
        return self.state in AT_WORK


class BatchPart(OwnedModel):
    """A piece of the uploaded file, as it came: kept in pieces, so that nobody ever holds the whole in memory."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(Batch, models.CASCADE, db_constraint=False, db_index=False, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "batch", "number"], name="batch_part_once")]

    def __str__(self) -> str:
        return f"part {self.number}"


class BatchRow(OwnedModel):
    """One guest of a batch. `number` is the file's line or the place in the choice; `address` is as it was typed."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(Batch, models.CASCADE, db_constraint=False, db_index=False, related_name="all_rows")
    number = models.PositiveIntegerField()
    address = models.CharField(max_length=400, blank=True)
    address_key = models.CharField(max_length=254, blank=True, db_collation="C")
    name = models.CharField(max_length=200, blank=True)
    redirect_url = models.CharField(max_length=2000, blank=True)
    message = models.TextField(blank=True)
    is_mailed = models.BooleanField(default=True)
    guest_id = models.UUIDField(null=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, db_collation="C")
    reason = models.CharField(max_length=300, blank=True)
    result = models.CharField(max_length=10, choices=Result.choices, blank=True, db_collation="C")
    result_reason = models.CharField(max_length=300, blank=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "batch", "number"], name="batch_row_once")]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "batch", "verdict", "number"], name="batch_row_verdict"),
            models.Index(fields=["tenant", "batch", "result", "number"], name="batch_row_result"),
            models.Index(
                fields=["tenant", "batch", "address_key"], name="batch_row_address", condition=~Q(address_key="")
            ),
            models.Index(
                fields=["tenant", "batch", "number"],
                name="batch_row_waiting",
                condition=Q(result="") & ~Q(verdict=Verdict.REFUSED),
            ),
        ]

    def __str__(self) -> str:
        return f"row {self.number}"
