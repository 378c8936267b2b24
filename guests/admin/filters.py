"""What the list of guests can be narrowed to.

Knows the columns that have an index for it, and the words beside the list. It must never offer what would read every
row of a tenant.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from guests.admin.words import NOT_DECIDED
from guests.models import Status
from guests.operations.batches.removed import removed_providers
from providers.models import IdentityProvider
from providers.rules import METHOD_LABELS, Method
from tenants.doors.desk import clock
from tenants.doors.filters import MOST, ChoiceFilter, ReplacingFilter, ValuesFilter

BINDING = (
    Method.PASSCODE,
    Method.ENTRA_ID,
    Method.FEDERATION,
    Method.GOOGLE,
    Method.MICROSOFT_ACCOUNT,
    Method.FACEBOOK,
)
"""Methods that a guest can be bound to: those of a redemption (R30), and Facebook, which a sign-up may take (R33)."""


class StatusFilter(ChoiceFilter):
    title = "redemption status"
    parameter_name = "status"
    replaces = ("method", "provider")  # who redeemed has a method, and who did not has none
    column = "redemption_status"
    options: ClassVar = list(Status.choices)


class MethodFilter(ChoiceFilter):
    title = "method"
    parameter_name = "method"
    replaces = ("status", "provider")
    column = "method"
    options: ClassVar = [
        *((method.value, METHOD_LABELS[method]) for method in BINDING),
        (NOT_DECIDED, "Not decided yet"),
    ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(method="") if self.value() == NOT_DECIDED else super().queryset(request, queryset)


class DomainFilter(ValuesFilter):
    title = "domain"
    parameter_name = "domain"
    column = "domain"
    among = "deleted_at IS NULL"


class LastSignInFilter(admin.SimpleListFilter):
    title = "last sign-in"
    parameter_name = "last"
    IN_ORDER = ("7", "90")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("7", "In the last 7 days"), ("90", "Not for 90 days"), ("never", "Never")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "7":
            return queryset.filter(last_sign_in_at__gte=clock() - timedelta(days=7))
        if self.value() == "90":
            return queryset.filter(last_sign_in_at__lt=clock() - timedelta(days=90))
        return queryset.filter(last_sign_in_at__isnull=True) if self.value() == "never" else queryset


class ProviderFilter(ReplacingFilter):
    title = "provider"
    parameter_name = "provider"
    replaces = ("status", "method")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = IdentityProvider.objects.order_by("name").values_list("pk", "name")
        return [(str(key), name) for key, name in rows[:MOST]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        try:
            chosen = UUID(self.value() or "")
        except ValueError:
            return queryset
        return queryset.filter(method_provider_id=chosen)


class WaitingFilter(admin.SimpleListFilter):
    """Offered by the notice above the list, and shown here while it is on."""

    title = "waiting"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "For a reset")] if self.value() == "yes" else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(method_provider_id__in=removed_providers()) if self.value() == "yes" else queryset
