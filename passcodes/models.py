"""One issued passcode with its tries: the row that outlives the browser's patience and holds no digits.

Knows what is kept of a challenge and what the database itself refuses. It must never hold a code, nor anything that
makes one without a key from outside the database (R13). Written by `operations` only.
"""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Self, TypeVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import Exact, LessThanOrEqual

from passcodes import rules
from passcodes.rules import Pool
from tenants.owned import OwnedManager, OwnedModel, OwnedQuerySet

M = TypeVar("M", bound=models.Model, covariant=True)

NONCE_OCTETS = 16
"""128 bits: no two codes ever share their input, and a dump without the key tells nothing (R13)."""


class ChallengeQuerySet(OwnedQuerySet[M]):
    """Challenges by what has become of them, by the database's clock."""

    def unspent(self) -> Self:
        """Neither used nor void; it may have expired, and a resend may then bring it a new code (R15)."""
        return self.filter(used_at=None, voided_at=None)

    def live(self) -> Self:
        """A try may still succeed: unspent, with tries left, not expired (R11, R14)."""
        return self.unspent().filter(attempts__lt=rules.TRIES, expires_at__gt=Now())

    def expired_for(self, time: timedelta) -> Self:
        """Expired so long ago that nobody asks about it any more."""
        return self.filter(expires_at__lt=Now() - time)


class Challenge(OwnedModel):
    """One flow's passcode. All its times are the database's.

    `code_since` is when the present code began and `expires_at` when it ends; a resend may move both (R15). The nonce
    is wiped at use and when void. A decoy's row is like every other; it is never mailed and no code opens it (R19).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    address_key = models.CharField(max_length=254, db_collation="C")
    send_key = models.CharField(max_length=254, db_collation="C")
    to_send = models.CharField(max_length=254, db_collation="C")
    is_decoy = models.BooleanField()
    pool = models.CharField(max_length=8, choices=[(pool.value, pool.value) for pool in Pool])
    nonce = models.BinaryField(max_length=NONCE_OCTETS, null=True)
    key_id = models.IntegerField()
    attempts = models.PositiveSmallIntegerField(default=0)
    resends = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    code_since = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)

    objects = OwnedManager.from_queryset(ChallengeQuerySet)()  # type: ignore[assignment,misc]  # a manager per model

    class Meta(OwnedModel.Meta):
        indexes: ClassVar = [
            models.Index("tenant", "address_key", name="challenge_address", condition=Q(used_at=None, voided_at=None)),
            models.Index("expires_at", name="challenge_expiry"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(name="challenge_tries", condition=Q(attempts__range=(0, rules.TRIES))),
            models.CheckConstraint(name="challenge_resends", condition=Q(resends__range=(0, rules.RESENDS))),
            models.CheckConstraint(name="challenge_nonce", condition=Q(Exact(Length("nonce"), NONCE_OCTETS))),
            models.CheckConstraint(
                name="challenge_wiped_when_spent",
                condition=Q(used_at=None, voided_at=None) | Q(nonce=None),
            ),
            models.CheckConstraint(
                name="challenge_never_longer",
                condition=Q(LessThanOrEqual(F("expires_at"), F("code_since") + rules.LONGEST_LIFE)),
            ),
            models.CheckConstraint(name="challenge_pool", condition=Q(pool__in=[pool.value for pool in Pool])),
        ]

    def __str__(self) -> str:
        return f"passcode {self.id}"

    @property
    def lifetime(self) -> timedelta:
        """How long each of its codes lives (R11)."""
        return self.expires_at - self.code_since

    @property
    def next_resend_at(self) -> datetime | None:
        """When the mail may be sent again, for the page to say; None when only a new flow helps (R15)."""
        return rules.next_resend_at(sent_at=self.sent_at, resends=self.resends)

    @property
    def resends_left(self) -> int:
        """How often the mail may be sent again (R15)."""
        return rules.RESENDS - self.resends
