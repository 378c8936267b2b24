"""What a tenant shares with its guests.

Knows an application's address and how it is shown. Its origin must be registered with the tenant (R39).
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse

from tenants.owned import OwnedModel


class Application(OwnedModel):
    """A web application that guests come for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, db_collation="C")
    description = models.CharField(max_length=200, blank=True)
    url = models.URLField(max_length=2000)
    is_first_party = models.BooleanField(default=False)
    is_sign_up_open = models.BooleanField(default=False, db_default=False)
    sign_up_methods = ArrayField(
        models.CharField(max_length=40, db_collation="C"), default=list, db_default=[], blank=True
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "id"], name="application_tenant_id"),
            models.UniqueConstraint(fields=["tenant", "name"], name="application_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def direct_link(self) -> str:
        """R37c: the address that a tenant may put on its own pages. The name in it is for people; the id decides."""
        return f"{settings.PUBLIC_URL}{self.sign_in_path}"

    @property
    def sign_in_path(self) -> str:
        """The direct link on this site."""
        return self._path("applications:direct_link")

    @property
    def sign_up_link(self) -> str:
        """R39a: the address of the sign-up page that an administrator passes on."""
        return f"{settings.PUBLIC_URL}{self.sign_up_path}"

    @property
    def sign_up_path(self) -> str:
        """Where anybody becomes a guest while sign-up is open (R39a), on this site."""
        return self._path("applications:sign_up")

    @property
    def common_path(self) -> str:
        """The link without a tenant, which a first-party application has (R37d), on this site."""
        return self._path("applications:direct_link").partition("?")[0]

    def _path(self, route: str) -> str:
        name = self.name.replace("/", "-").strip(".") or "application"  # what a path cannot hold
        return f"{reverse(route, args=[name, self.id])}?tenantId={self.tenant_id}"
