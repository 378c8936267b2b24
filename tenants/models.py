"""Tenants, who administers them, their history and the counters that bind strangers.

Rows and constraints only. Tenant, VerifiedDomain, Administrator, RoleAssignment, RoleOffer and Budget have no scope.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from tenants.key_fingerprints import KeyFingerprint as KeyFingerprint
from tenants.owned import OwnedModel
from tenants.roles import Role


class WhoMayInvite(models.TextChoices):
    """Who may invite guests (R53), spelled as Graph spells it."""

    NONE = "none", "Nobody"
    INVITERS = "adminsAndGuestInviters", "Administrators whose role allows it"
    MEMBERS = "adminsGuestInvitersAndAllMembers", "Every administrator of the tenant"
    EVERYONE = "everyone", "Every administrator, and guests who have redeemed"


class Tenant(models.Model):
    """An organisation that invites guests. The limits are R17's, a column each so that an operator may raise one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    primary_domain = models.CharField(max_length=253, db_collation="C")
    is_active = models.BooleanField(default=True)
    language = models.CharField(max_length=12, default="en")

    privacy_statement_url = models.URLField(max_length=500, blank=True)
    terms_text = models.TextField(blank=True)
    terms_version = models.PositiveIntegerField(default=0)
    terms_published_at = models.DateTimeField(null=True, blank=True)

    colour = models.CharField(max_length=7, blank=True, validators=[RegexValidator(r"^#[0-9a-f]{6}$")])
    logo = models.BinaryField(null=True, blank=True, editable=False)
    logo_digest = models.CharField(max_length=64, blank=True, editable=False)
    sender_name = models.CharField(max_length=100, blank=True)

    passcode_minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(10), MaxValueValidator(30)]
    )
    invitation_days = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    landing_origins = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    trusted_ranges = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    allowed_domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    denied_domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    who_may_invite = models.CharField(
        max_length=40,
        choices=WhoMayInvite.choices,
        default=WhoMayInvite.INVITERS,
        db_default=WhoMayInvite.INVITERS,
        db_collation="C",
    )
    # Days that the history is kept; for ever where it is empty.
    history_days = models.PositiveIntegerField(null=True, blank=True)
    # When the last bulk mail that is planned may leave: the next ones queue up behind it (R17).
    bulk_mails_until = models.DateTimeField(null=True, blank=True, editable=False)
    # When the next bulk mail may leave, however many are late: a relay that stood still keeps the rate, too (R17).
    bulk_paced_at = models.DateTimeField(null=True, blank=True, editable=False)

    code_mails_per_hour = models.PositiveIntegerField(default=600)
    invitations_per_hour = models.PositiveIntegerField(default=500)
    invitations_per_inviter_per_hour = models.PositiveIntegerField(default=100)
    bulk_mails_per_hour = models.PositiveIntegerField(default=2000)

    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(passcode_minutes__range=(10, 30)), name="tenant_passcode_minutes"),
            models.CheckConstraint(
                condition=Q(invitation_days__isnull=True) | Q(invitation_days__range=(1, 365)),
                name="tenant_invitation_days",
            ),
            models.CheckConstraint(condition=Q(allowed_domains=[]) | Q(denied_domains=[]), name="tenant_allow_or_deny"),
            models.CheckConstraint(
                condition=Q(history_days__isnull=True) | Q(history_days__range=(30, 3650)),
                name="tenant_history_days",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def terms_in_force(self) -> int:
        """The version of the terms of use that new guests accept, 0 when there are none (any more)."""
        return self.terms_version if self.terms_text else 0


class VerifiedDomain(models.Model):
    """A domain that names a tenant in addresses of pages (R37a). One domain names one tenant."""

    domain = models.CharField(primary_key=True, max_length=253, db_collation="C")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="domains")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.domain


class AdministratorManager(BaseUserManager["Administrator"]):
    """Finds administrators by e-mail. They are made by operations.create_administrator."""

    def get_by_natural_key(self, username: str | None) -> Administrator:
        return self.get(email=(username or "").strip().lower())


class Administrator(AbstractBaseUser):
    """A person who works in the portal. Roles per tenant decide what they may do, never Django's permissions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(max_length=254, unique=True, db_collation="C")
    name = models.CharField(max_length=100)
    is_superuser = models.BooleanField("operator", default=False)
    is_active = models.BooleanField(default=True)
    # Whoever made the password has seen it: the portal asks for another one first.
    must_change_password = models.BooleanField(default=False, db_default=False)
    # Appointing proves no address: the tenant where it was made believes it, others once an operator vouches for it.
    made_in = models.ForeignKey(Tenant, models.SET_NULL, null=True, editable=False, db_index=False, related_name="+")
    is_confirmed = models.BooleanField(default=False, db_default=False)
    # Part of what a session is bound to: raising it ends them all.
    session_epoch = models.PositiveIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    is_staff = True

    objects = AdministratorManager()

    def __str__(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name

    get_full_name = get_short_name

    def get_session_auth_hash(self) -> str:
        return self._in_epoch(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """As above for the keys that SECRET_KEY had: a session of an earlier epoch matches none of them."""
        for of_password in super().get_session_auth_fallback_hash():
            yield self._in_epoch(of_password)

    def _in_epoch(self, of_password: str) -> str:
        # In the first epoch it is Django's own: a release beside this one takes the session, too.
        return f"{of_password}.{self.session_epoch}" if self.session_epoch else of_password

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_superuser


class RoleAssignment(models.Model):
    """One role of one administrator in one tenant (R63)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    administrator = models.ForeignKey(Administrator, models.CASCADE, related_name="roles")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="roles")
    role = models.CharField(max_length=50, choices=Role.choices)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["administrator", "tenant", "role"], name="role_once")]

    def __str__(self) -> str:
        return f"{self.role} of {self.tenant_id}"


class RoleOffer(models.Model):
    """Roles in a tenant that count for nothing until the owner of an account accepts them (R63)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    administrator = models.ForeignKey(Administrator, models.CASCADE, related_name="offers")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="offers")
    roles = ArrayField(models.CharField(max_length=50))
    # Not where somebody else knew the account's password when they were offered: that one could accept.
    is_open = models.BooleanField()
    offered_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["administrator", "tenant"], name="offer_once")]

    def __str__(self) -> str:
        return f"offer of {self.tenant_id}"


class ActorKind(models.TextChoices):
    """Who acts."""

    ADMINISTRATOR = "administrator"
    GUEST = "guest"
    OPERATOR = "operator"
    STRANGER = "stranger"
    SYSTEM = "system"


class Outcome(models.TextChoices):
    """How it ended."""

    SUCCESS = "success"
    REFUSED = "refused"
    FAILED = "failed"


class AuditEntry(OwnedModel):
    """One line of a tenant's history. Appended only: the application role may not change or delete it."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now(), editable=False)
    happened_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=20, choices=ActorKind.choices)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=254, blank=True, db_collation="C")
    source = models.CharField(max_length=100, blank=True)
    correlation = models.CharField(max_length=20, blank=True, db_collation="C")
    action = models.CharField(max_length=60, db_collation="C")
    subject_kind = models.CharField(max_length=30, blank=True)
    subject_id = models.UUIDField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    code = models.CharField(max_length=20, blank=True, db_collation="C")
    details = models.JSONField(default=dict)
    # The canonical address that the line is about, guest's or stranger's: what a person is looked for by (R64).
    address = models.CharField(max_length=254, blank=True, db_default="", db_collation="C")

    class Meta(OwnedModel.Meta):
        _trouble = ~Q(outcome=Outcome.SUCCESS)
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-id"], name="audit_newest"),
            models.Index(fields=["tenant", "address", "-id"], name="audit_address", condition=~Q(address="")),
            models.Index(fields=["tenant", "subject_id", "-id"], name="audit_subject"),
            models.Index(fields=["tenant", "correlation"], name="audit_correlation"),
            models.Index(fields=["tenant", "action", "-id"], name="audit_action"),
            models.Index(fields=["tenant", "actor_name", "-id"], name="audit_actor"),
            # Few lines tell of anything but a success, and only those have a code.
            models.Index(fields=["tenant", "code", "-id"], name="audit_code", condition=_trouble),
            models.Index(fields=["tenant", "outcome", "-id"], name="audit_outcome", condition=_trouble),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.id}"


class AuditSeal(OwnedModel):
    """One block of a tenant's hash chain: the entries from first_id to last_id, and the block before."""

    id = models.BigAutoField(primary_key=True)
    sequence = models.PositiveBigIntegerField()
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    count = models.PositiveIntegerField()
    rows_hash = models.BinaryField()
    previous_hash = models.BinaryField()
    hash = models.BinaryField()
    sealed_at = models.DateTimeField(db_default=Now(), editable=False)
    # When its lines were forgotten, being older than the tenant keeps them: the database's forget_history() sets it.
    forgotten_at = models.DateTimeField(null=True, editable=False)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "sequence"], name="seal_sequence"),
            models.UniqueConstraint(fields=["tenant", "first_id"], name="seal_first"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "sequence"], name="seal_kept", condition=Q(forgotten_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"seal {self.sequence}"


class Budget(models.Model):
    """One counted window (budgets.py). Keys are hashes: the table names nobody."""

    key = models.CharField(primary_key=True, max_length=40, db_collation="C")
    used = models.IntegerField()
    allowed = models.IntegerField()
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key
