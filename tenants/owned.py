"""Tables whose every row belongs to one tenant.

Knows how such a model and its manager are built: outside a scope they refuse, inside one they show that tenant's
rows. It must never offer a way round: PostgreSQL's row security (rowsecurity.py) holds the same line a second time.
"""

from __future__ import annotations

from typing import Any, Self, TypeVar

from django.db import models

from tenants.scope import current_scope

M = TypeVar("M", bound=models.Model, covariant=True)


class OwnedQuerySet(models.QuerySet[M]):
    """Rows of the tenant whose scope is open; all tenants' rows inside every_tenant()."""

    def in_scope(self) -> Self:
        """Only the open scope's rows. Raises OutsideScope."""
        scope = current_scope()
        return self if scope.tenant_id is None else self.filter(tenant_id=scope.tenant_id)


class OwnedManager(models.Manager[M]):
    """The only manager of an owned model, base manager too: it raises OutsideScope outside a scope."""

    def get_queryset(self) -> OwnedQuerySet[Any]:
        queryset: Any = super().get_queryset()
        return queryset.in_scope()  # type: ignore[no-any-return]  # from_queryset() gives the class; Django cannot type it


class OwnedModel(models.Model):
    """A row of one tenant. Create it with `tenant_id=current_tenant_id()`."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, editable=False, related_name="+")

    objects = OwnedManager.from_queryset(OwnedQuerySet)()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"
