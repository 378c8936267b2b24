"""Guests, their invitations, the flows in progress, sessions and consents.

Knows rows and constraints; operations/ writes them. A guest is not a user: nothing here touches AUTH_USER_MODEL.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guests.rules import RedemptionStatus
from passcodes.rules import Pool
from providers.rules import Method
from tenants.owned import OwnedModel


class Status(models.TextChoices):
    """R22: moves to Accepted when the last consent is given, back by a reset."""

    PENDING = RedemptionStatus.PENDING.value, "Pending acceptance"
    ACCEPTED = RedemptionStatus.ACCEPTED.value, "Accepted"


class Source(models.TextChoices):
    """How a guest came into the directory."""

    INVITATION = "invitation", "Invitation"
    SELF_SERVICE = "selfService", "Self-service sign-up"


class Guest(OwnedModel):
    """An external person in one tenant's directory."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    address = models.CharField(max_length=254)
    address_key = models.CharField(max_length=254, db_collation="C")
    domain = models.CharField(max_length=253, db_collation="C")
    other_addresses = models.JSONField(default=list, blank=True)
    name = models.CharField(max_length=100, blank=True)
    name_key = models.CharField(max_length=100, blank=True, db_collation="C")
    user_principal_name = models.CharField(max_length=520, db_collation="C")
    language = models.CharField(max_length=12, blank=True)
    source = models.CharField(max_length=20, choices=Source.choices, default=Source.INVITATION)

    redemption_status = models.CharField(
        max_length=20, choices=Status.choices, default=Status.PENDING, db_collation="C"
    )
    redemption_status_changed_at = models.DateTimeField(db_default=Now())
    method = models.CharField(max_length=40, blank=True, db_collation="C")
    method_provider_id = models.UUIDField(null=True, blank=True)
    is_blocked = models.BooleanField(default=False)
    deleted_at = models.DateTimeField(null=True, blank=True)
    device_epoch = models.PositiveIntegerField(default=0)

    sponsor_name = models.CharField(max_length=100, blank=True)
    sponsor_address = models.CharField(max_length=254, blank=True)
    last_sign_in_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "id"], name="guest_tenant_id"),
            models.UniqueConstraint(
                fields=["tenant", "address_key"], condition=Q(deleted_at__isnull=True), name="guest_address_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-created_at", "id"], name="guest_newest"),
            # Whose address it is anywhere, for links without a tenant (R37d).
            models.Index(fields=["address_key"], name="guest_address_anywhere", condition=Q(deleted_at__isnull=True)),
            models.Index(fields=["tenant", "name_key"], name="guest_name"),
            models.Index(fields=["tenant", "domain", "-created_at"], name="guest_domain"),
            models.Index(fields=["tenant", "redemption_status", "-created_at"], name="guest_status"),
            models.Index(fields=["tenant", "method", "-created_at"], name="guest_method"),
            models.Index(
                fields=["tenant", "method_provider_id"],
                name="guest_provider",
                condition=Q(method_provider_id__isnull=False),
            ),
            models.Index(fields=["tenant", "user_principal_name"], name="guest_upn"),
            models.Index(fields=["tenant", "-last_sign_in_at"], name="guest_last_sign_in"),
        ]

    def __str__(self) -> str:
        return self.name or self.address

    @property
    def has_accepted(self) -> bool:
        return self.redemption_status == Status.ACCEPTED

    @property
    def may_sign_in(self) -> bool:
        """Neither blocked nor deleted."""
        return not self.is_blocked and self.deleted_at is None

    @property
    def bound_method(self) -> Method | None:
        """The method fixed at redemption (R3), none before it and after a reset."""
        return Method(self.method) if self.method else None


class Ended(models.TextChoices):
    """Why a link or a session ended before its time."""

    REVOKED = "revoked", "Revoked"
    RESET = "reset", "Redemption status reset"
    REPLACED = "replaced", "Replaced by a newer one"
    SIGNED_OUT = "signedOut", "Signed out"
    BLOCKED = "blocked", "Sign-in blocked"
    RESTORED = "restored", "Restored from a backup"
    BY_ADMINISTRATOR = "byAdministrator", "Ended by an administrator"


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
        ]

    def __str__(self) -> str:
        return f"session {self.id}"


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
