"""Invitations and their links, and why a link or a session ends before its time. Rows and constraints only."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guests.models.guest import Guest
from tenants.owned import OwnedModel


class Ended(models.TextChoices):
    """Why a link or a session ended before its time."""

    REVOKED = "revoked", "Revoked"
    RESET = "reset", "Redemption status reset"
    REPLACED = "replaced", "Replaced by a newer one"
    SIGNED_OUT = "signedOut", "Signed out"
    BLOCKED = "blocked", "Sign-in blocked"
    RESTORED = "restored", "Restored from a backup"
    BY_ADMINISTRATOR = "byAdministrator", "Ended by an administrator"
    DELETED = "deleted", "Guest deleted"
    LEFT = "left", "The guest left"


class Invitation(OwnedModel):
    """One invitation with one link. The link's secret is derived (tickets.py); its hash stands here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    guest = models.ForeignKey(Guest, models.CASCADE, db_constraint=False, db_index=False, related_name="invitations")
    key_id = models.IntegerField()
    nonce = models.BinaryField()
    ticket_hash = models.CharField(max_length=64, unique=True, db_collation="C")
    redirect_url = models.CharField(max_length=2000, blank=True)
    resource_name = models.CharField(max_length=100, blank=True)
    message = models.TextField(blank=True)
    cc = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=12, blank=True)
    inviter_id = models.UUIDField(null=True, blank=True)
    inviter_name = models.CharField(max_length=100)
    inviter_address = models.CharField(max_length=254)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_mailed_at = models.DateTimeField(null=True, blank=True)
    # Mails that reminded of it; the next one says so (R52).
    reminders = models.PositiveSmallIntegerField(default=0, db_default=0)
    accepted_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=20, blank=True, choices=Ended.choices)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "id"], name="invitation_tenant_id")]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-created_at", "id"], name="invitation_newest"),
            models.Index(fields=["guest", "-created_at"], name="invitation_guest"),
            # One for each of the list's filters, newest first. What a partial index promises needs no row to be read.
            models.Index(
                fields=["tenant", "-created_at", "id"],
                name="invitation_ended",
                condition=Q(ended_at__isnull=False),
            ),
            models.Index(
                fields=["tenant", "-created_at", "id", "expires_at"],
                name="invitation_accepted",
                condition=Q(ended_at__isnull=True, accepted_at__isnull=False),
            ),
            models.Index(
                fields=["tenant", "-created_at", "id", "expires_at"],
                name="invitation_open",
                condition=Q(ended_at__isnull=True, accepted_at__isnull=True),
            ),
            models.Index(
                fields=["tenant", "-created_at", "id", "expires_at"],
                name="invitation_expiring",
                condition=Q(ended_at__isnull=True, expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.id}"
