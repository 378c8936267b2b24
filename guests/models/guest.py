"""A guest: an external person in one tenant's directory, with rows and constraints only. A guest is not a user."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now

from guests.models.steps import CODE_SENT, LOST, OPENED, REACHED, REDEEMED, WERE_INVITED
from guests.rules import RedemptionStatus
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
    # Up to four more, each {"name", "address"} (R55). The first is whom a page names.
    other_sponsors = models.JSONField(default=list, blank=True, db_default=Value([], models.JSONField()))
    # How far a guest came on the way in. Kept by beat out of the history, as looking at a link writes no guest (R10).
    link_opened_at = models.DateTimeField(null=True, blank=True)
    code_sent_at = models.DateTimeField(null=True, blank=True)
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
            # The list's orders and filters end in the key: a page begins behind a row (tenants/doors/paging.py). What a
            # partial index promises needs no row to be read, so counts are made from the index alone.
            models.Index(
                fields=["tenant", "name_key", "-id"], name="guest_by_name", condition=Q(deleted_at__isnull=True)
            ),
            models.Index(
                fields=["tenant", "domain", "-created_at", "id"],
                name="guest_by_domain",
                condition=Q(deleted_at__isnull=True),
            ),
            # Whom a change touches that is about domains (R62), among many more who redeemed.
            models.Index(
                fields=["tenant", "domain", "-created_at", "id"],
                name="guest_pending_by_domain",
                condition=Q(redemption_status="PendingAcceptance", deleted_at__isnull=True),
            ),
            models.Index(
                fields=["tenant", "redemption_status", "-created_at", "id"],
                name="guest_by_status",
                condition=Q(deleted_at__isnull=True),
            ),
            models.Index(
                fields=["tenant", "method", "-created_at", "id"],
                name="guest_by_method",
                condition=Q(deleted_at__isnull=True),
            ),
            models.Index(
                fields=["tenant", "method_provider_id", "-created_at", "id"],
                name="guest_provider_newest",
                condition=Q(method_provider_id__isnull=False),
            ),
            models.Index(
                fields=["tenant", "user_principal_name"], name="guest_by_upn", condition=Q(deleted_at__isnull=True)
            ),
            models.Index(
                F("tenant"),
                F("last_sign_in_at").desc(nulls_last=True),
                F("id"),
                name="guest_by_sign_in",
                condition=Q(deleted_at__isnull=True),
            ),
            # Few, and asked for among the many whom a change of settings touches (R62).
            models.Index(fields=["tenant", "id"], name="guest_blocked", condition=Q(is_blocked=True)),
            # After a reset: few, among many pending ones and many who signed in.
            models.Index(
                F("tenant"),
                F("last_sign_in_at").desc(nulls_last=True),
                F("id"),
                name="guest_pending_by_sign_in",
                condition=Q(redemption_status="PendingAcceptance", last_sign_in_at__isnull=False, deleted_at=None),
            ),
            models.Index(
                F("tenant"),
                F("last_sign_in_at").desc(nulls_last=True),
                F("id"),
                name="guest_unbound_by_sign_in",
                condition=Q(method="", last_sign_in_at__isnull=False, deleted_at=None),
            ),
            models.Index(
                fields=["tenant", "-created_at", "id"],
                name="guest_never_signed_in",
                condition=Q(last_sign_in_at__isnull=True, deleted_at__isnull=True),
            ),
            # For a month; then they are forgotten (R55).
            models.Index(
                fields=["tenant", "-deleted_at", "id"], name="guest_deleted", condition=Q(deleted_at__isnull=False)
            ),
            # How far who was invited came: the dashboard's numbers lead to these lists.
            *(
                models.Index(fields=["tenant", "-created_at", "id"], name=name, condition=WERE_INVITED & step)
                for name, step in (
                    ("guest_reached_opened", REACHED[OPENED]),
                    ("guest_reached_code", REACHED[CODE_SENT]),
                    ("guest_lost_opened", LOST[OPENED]),
                    ("guest_lost_code", LOST[CODE_SENT]),
                    ("guest_lost_redeemed", LOST[REDEEMED]),
                )
            ),
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
