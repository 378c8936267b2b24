"""A signed-in browser, for 24 hours at most. Rows and constraints only."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guests.models.flow import SignInFlow
from guests.models.guest import Guest
from guests.models.invitation import Ended
from tenants.owned import OwnedModel


class GuestSession(OwnedModel):
    """One browser's signed-in guest, for 24 hours at most (R21). The cookie's token is stored as its hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    guest = models.ForeignKey(Guest, models.CASCADE, db_constraint=False, db_index=False, related_name="sessions")
    flow = models.ForeignKey(
        SignInFlow, models.SET_NULL, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    token_hash = models.CharField(max_length=64, unique=True, db_collation="C")
    challenge_id = models.UUIDField(null=True, unique=True)
    invitation_id = models.UUIDField(null=True)
    method = models.CharField(max_length=40)
    provider_id = models.UUIDField(null=True)
    identity = models.JSONField(null=True)
    reasons = models.JSONField(default=list)
    landing = models.CharField(max_length=2000, blank=True)
    source = models.CharField(max_length=100, blank=True)
    browser = models.CharField(max_length=120, blank=True)
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=20, blank=True, choices=Ended.choices)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "id"], name="session_tenant_id")]
        indexes: ClassVar = [
            models.Index(fields=["guest", "-started_at"], name="session_guest"),
            models.Index(fields=["expires_at"], name="session_expiry"),
            models.Index(fields=["flow"], name="session_flow"),
            # Which live ones a method's end would end (R62): counted before it is saved.
            models.Index(
                fields=["tenant", "method", "expires_at"], name="session_live", condition=Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"session {self.id}"
