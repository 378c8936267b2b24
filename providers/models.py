"""A tenant's providers and its policies on how guests prove who they are: rows and constraints only.

No row means the documented default, so a new tenant has none of these. operations.py is the only writer.
"""

import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from providers.rules import Fallback, Method, Order, PasscodeState, Primary
from tenants.owned import OwnedModel


class EmailPasscodePolicy(OwnedModel):
    """The stored state of "Email one-time passcode for guests" (R6). No row is `default`, that is, on.

    Passcodes and passcode sessions that began before `passcodes_void_before` stay dead when it is turned on again (R5).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(
        max_length=10, choices=[(one.value, one.value) for one in PasscodeState], default=PasscodeState.DEFAULT.value
    )
    passcodes_void_before = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant"], name="one_passcode_policy"),
            models.CheckConstraint(
                condition=models.Q(state__in=[one.value for one in PasscodeState]), name="passcode_state_known"
            ),
        ]

    @property
    def passcode_state(self) -> PasscodeState:
        """The stored word as the rules know it."""
        return PasscodeState(self.state)

    def voids(self, asked_at: datetime | None) -> bool:
        """Whether a code that was asked for then opens nothing: codes are off, or were since (R5)."""
        void_before = self.passcodes_void_before
        was_off = void_before is not None and asked_at is not None and asked_at <= void_before
        return was_off or not self.passcode_state.is_on


class RedemptionPolicy(OwnedModel):
    """What else a tenant may switch off: the Microsoft account (R32), "I have no account there" (R34)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    is_microsoft_account_enabled = models.BooleanField(default=True)
    is_skipping_allowed = models.BooleanField(default=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant"], name="one_redemption_policy")]


class RedemptionOrder(OwnedModel):
    """The order of methods (R31): the tenant's own (`partner_domain` ""), or a partner domain's over it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner_domain = models.CharField(max_length=253, db_collation="C", blank=True, default="")
    primaries = ArrayField(
        models.CharField(max_length=30, choices=[(one.value, one.value) for one in Primary]), blank=True
    )
    fallback = models.CharField(max_length=30, choices=[(one.value, one.value) for one in Fallback])

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "partner_domain"], name="one_order_per_partner_domain"),
            models.CheckConstraint(
                condition=models.Q(fallback__in=[one.value for one in Fallback]), name="order_fallback_known"
            ),
            models.CheckConstraint(
                condition=models.Q(primaries__contained_by=[one.value for one in Primary]), name="order_primaries_known"
            ),
        ]

    def as_order(self) -> Order:
        """The row as the rules know it."""
        return Order(tuple(Primary(one) for one in self.primaries), Fallback(self.fallback), self.partner_domain)


class IdentityProvider(OwnedModel):
    """A provider that a tenant configured, of one of `providers.kinds.KINDS`.

    `settings` holds what the kind asks for, by name, without its secret: that is sealed (tenants/encryption.py), bound
    to this row. `certificates_end_at` is when the last signing certificate in its metadata ends.
    `kind` has no choices and `is_bound_to_domains` is copied from the kind, so that a new kind needs no migration.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=30, db_collation="C")
    name = models.CharField(max_length=100)
    is_bound_to_domains = models.BooleanField(editable=False)
    is_enabled = models.BooleanField(default=True)
    settings = models.JSONField(default=dict, db_default={})
    sealed_secret = models.BinaryField(null=True, editable=False)
    certificates_end_at = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True)
    test_findings = models.JSONField(default=list, db_default=[])
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta(OwnedModel.Meta):
        verbose_name_plural = "all identity providers"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "id"], name="provider_of_tenant"),
            models.UniqueConstraint(fields=["tenant", "name"], name="provider_name"),
            models.UniqueConstraint(
                fields=["tenant", "kind"],
                condition=models.Q(is_bound_to_domains=False),
                name="one_provider_of_this_kind",
            ),
        ]


class IdentityProviderDomain(OwnedModel):
    """A domain for which a federation answers (R30-2). One provider per domain: two could not both decide."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(
        IdentityProvider, on_delete=models.CASCADE, related_name="domains", db_constraint=False
    )
    domain = models.CharField(max_length=253, db_collation="C")

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "domain"], name="one_provider_per_domain")]


class KnownAccountDomain(OwnedModel):
    """A domain whose addresses have accounts, as an operator or administrator lists it (R34)."""

    class Kind(models.TextChoices):
        ENTRA_ID = Method.ENTRA_ID.value, "Entra ID"
        MICROSOFT_ACCOUNT = Method.MICROSOFT_ACCOUNT.value, "Microsoft account"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    domain = models.CharField(max_length=253, db_collation="C")
    kind = models.CharField(max_length=30, choices=Kind.choices)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "domain", "kind"], name="known_domain_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[Method.ENTRA_ID.value, Method.MICROSOFT_ACCOUNT.value]),
                name="known_domain_kind",
            ),
        ]


class ServiceProviderKey(OwnedModel):
    """The key with which a tenant signs its SAML requests, and the certificate in its metadata. One for a tenant."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    certificate = models.TextField()
    sealed_key = models.BinaryField()
    ends_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant"], name="one_service_provider_key")]


class SpentAssertion(OwnedModel):
    """An assertion that signed somebody in, kept until it is too old to be accepted again (B15)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=64, db_collation="C")
    expires_at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "digest"], name="assertion_once")]
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="spent_assertion_expiry")]


class SeenMicrosoftAccount(models.Model):
    """An address that signed in here with a Microsoft account, in whichever tenant: its hash only (R34).

    No tenant owns it. It is asked for the holder of a live link and for administrators who want to know what the holder
    would meet, so that no stranger learns it (R19).
    """

    address_hash = models.CharField(max_length=64, primary_key=True, db_collation="C")
    seen_at = models.DateTimeField(db_default=Now())
