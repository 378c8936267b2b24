"""A sign-in in progress, and what a provider posted for it. Rows and constraints only; no row says "verified"."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guests.models.guest import Guest
from guests.models.invitation import Invitation
from passcodes.rules import Pool
from tenants.owned import OwnedModel


class Way(models.TextChoices):
    """The way in that a flow came by (R37)."""

    INVITATION = "invitation", "Invitation link"
    TENANTED = "tenanted", "The tenant's address"
    APPLICATION = "application", "Direct application link"
    COMMON = "common", "Common endpoint"


class SignInFlow(OwnedModel):
    """A sign-in in progress: the page's URL names it, the browser's cookie unlocks it (R16)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    browser_hash = models.CharField(max_length=64, db_collation="C")
    way = models.CharField(max_length=20, choices=Way.choices)
    guest = models.ForeignKey(Guest, models.CASCADE, null=True, db_constraint=False, db_index=False, related_name="+")
    invitation = models.ForeignKey(
        Invitation, models.CASCADE, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    address = models.CharField(max_length=254)
    pool = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Pool])
    challenge_id = models.UUIDField(null=True)
    method = models.CharField(max_length=40)
    reasons = models.JSONField(default=list)
    landing = models.CharField(max_length=2000, blank=True)
    # A round trip to a provider: which one, and what its state, nonce and verifier are derived from.
    # Defaults of the database's own: the version before writes rows without these columns (B12).
    kind = models.CharField(max_length=30, blank=True, db_default="", db_collation="C")
    provider_id = models.UUIDField(null=True)
    handshake_key_id = models.IntegerField(null=True)
    handshake_salt = models.BinaryField(null=True)
    # Proven at the provider, while a passcode to the invited address has yet to make the first link (R36).
    identity = models.JSONField(null=True)
    # Self-service sign-up (R39a): for which application, and the name that was typed.
    sign_up_application_id = models.UUIDField(null=True)
    sign_up_name = models.CharField(max_length=100, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "id"], name="flow_tenant_id")]
        indexes: ClassVar = [
            models.Index(fields=["expires_at"], name="flow_expiry"),
            models.Index(fields=["guest"], name="flow_guest"),
            models.Index(fields=["invitation"], name="flow_invitation"),
            models.Index(
                fields=["sign_up_application_id"],
                name="flow_sign_up",
                condition=Q(sign_up_application_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"flow {self.id}"


class ProviderAnswer(OwnedModel):
    """What a provider had the browser post to us, without our cookie, until the browser comes with it (DESIGN 4)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    flow = models.ForeignKey(SignInFlow, models.CASCADE, db_constraint=False, db_index=False, related_name="answers")
    body = models.TextField()
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "flow"], name="answer_once_per_flow")]

    def __str__(self) -> str:
        return f"answer {self.id}"
