"""What a redemption leaves: that it happened, the consents, the identity behind it. Rows and constraints only."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guests.models.guest import Guest
from guests.models.invitation import Invitation
from tenants.owned import OwnedModel


class FederatedIdentity(OwnedModel):
    """The identity at a provider that a guest redeemed with (R36): issuer and subject of one provider configuration.

    `provider_id` is null for a kind that the installation set up. `address` is what the provider said last; it names
    nobody. A reset deletes the row.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    guest = models.ForeignKey(Guest, models.CASCADE, db_constraint=False, db_index=False, related_name="identities")
    kind = models.CharField(max_length=30, db_collation="C")
    provider_id = models.UUIDField(null=True)
    issuer = models.CharField(max_length=500, db_collation="C")
    subject = models.CharField(max_length=500, db_collation="C")
    address = models.CharField(max_length=254, blank=True)
    linked_at = models.DateTimeField(db_default=Now(), editable=False)
    last_seen_at = models.DateTimeField(db_default=Now())

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "provider_id", "issuer", "subject"],
                name="identity_once",
                nulls_distinct=False,
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["guest"], name="identity_guest"),
            models.Index(fields=["tenant", "provider_id"], name="identity_provider"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} identity {self.id}"


class Redemption(OwnedModel):
    """That a guest redeemed: when, by which method, and the decision's reasons (R35)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    guest = models.ForeignKey(Guest, models.CASCADE, db_constraint=False, db_index=False, related_name="redemptions")
    invitation = models.ForeignKey(
        Invitation, models.CASCADE, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    method = models.CharField(max_length=40)
    reasons = models.JSONField(default=list)
    redeemed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta(OwnedModel.Meta):
        indexes: ClassVar = [models.Index(fields=["guest", "-redeemed_at"], name="redemption_guest")]

    def __str__(self) -> str:
        return f"redemption {self.id}"


class ConsentKind(models.TextChoices):
    """What a guest says yes to (R22)."""

    PERMISSIONS = "permissions", "Review permissions"
    TERMS = "terms", "Terms of use"


class Consent(OwnedModel):
    """One yes. A reset withdraws it; the row stays as history."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    guest = models.ForeignKey(Guest, models.CASCADE, db_constraint=False, db_index=False, related_name="consents")
    kind = models.CharField(max_length=20, choices=ConsentKind.choices)
    version = models.PositiveIntegerField(default=0)
    given_at = models.DateTimeField(db_default=Now(), editable=False)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["guest", "kind", "version"], condition=Q(withdrawn_at__isnull=True), name="consent_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"
