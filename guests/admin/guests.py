"""Guests in the portal: the list.

Knows its columns, filters and bulk choices. one.py, inviting.py and resetting.py hold the pages of a guest and of those
deeds; nothing is done here.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from guests.admin.deleted import DeletedPages
from guests.admin.explaining import ExplainPages
from guests.admin.filters import (
    DomainFilter,
    LastSignInFilter,
    MethodFilter,
    ProviderFilter,
    StatusFilter,
    WaitingFilter,
)
from guests.admin.inviting import InvitePages
from guests.admin.one import OneGuestPages
from guests.admin.reminding import RemindPages
from guests.admin.resetting_many import ResetManyPages
from guests.admin.steps import InvitedFilter, StepFilter
from guests.admin.waiting import how_many_wait
from guests.admin.words import method_words, named, status_mark
from guests.models import Guest
from tenants.doors.desk import desk
from tenants.doors.words import shown_time
from tenants.roles import Action

NEVER_FIRST = F("last_sign_in_at").asc(nulls_first=True)
"""The one direction that an index has, with its reverse: who never signed in stands beside who did so longest ago."""


@admin.register(Guest)
class GuestAdmin(InvitePages, ResetManyPages, RemindPages, ExplainPages, DeletedPages, OneGuestPages):
    """The directory."""

    view_action = Action.GUESTS_VIEW
    list_title = "Guests"
    when_empty = "No guest yet. Whoever you invite stands here, and redeems by the link in the email."
    list_display = ("guest", "status", "method_shown", "last_sign_in", "invited")
    list_filter = (
        StatusFilter,
        MethodFilter,
        ProviderFilter,
        DomainFilter,
        LastSignInFilter,
        InvitedFilter,
        StepFilter,
        WaitingFilter,
    )
    search_fields = ("address_key", "name_key", "user_principal_name")
    search_help_text = "Name, address or user principal name, as it begins"
    ordering = ("-created_at", "id")
    sortable_by = ("guest", "last_sign_in", "invited")
    actions = ("reset_chosen",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(deleted_at__isnull=True)

    def get_ordering(self, request: HttpRequest) -> Any:
        """By the last sign-in where that is what is asked for: the index that finds these guests has them in order."""
        is_by_sign_in = request.GET.get(LastSignInFilter.parameter_name) in LastSignInFilter.IN_ORDER
        return (F("last_sign_in_at").desc(nulls_last=True), "id") if is_by_sign_in else super().get_ordering(request)

    def folded(self, search_term: str) -> str:
        return search_term.strip().casefold()

    def get_urls(self) -> list[URLPattern]:
        return [
            path("reset/", self.guarded(self.reset_page, Action.GUESTS_RESET), name="guests_reset"),
            *super().get_urls(),
        ]

    # --- columns ------------------------------------------------------------------------------------------------

    @admin.display(description="Guest", ordering="name_key")
    def guest(self, guest: Guest) -> SafeString:
        return named(guest)

    @admin.display(description="Redemption status")
    def status(self, guest: Guest) -> SafeString:
        return status_mark(guest)

    @admin.display(description="Method")
    def method_shown(self, guest: Guest) -> str:
        return method_words(guest.method)

    @admin.display(description="Last sign-in", ordering=NEVER_FIRST)
    def last_sign_in(self, guest: Guest) -> SafeString:
        return shown_time(guest.last_sign_in_at, none="Never")

    @admin.display(description="Invited", ordering="created_at")
    def invited(self, guest: Guest) -> SafeString:
        return shown_time(guest.created_at, "j M")

    # --- the list -----------------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        is_inviter = desk(request).may_invite
        frame = {"may_invite": is_inviter, "waiting": how_many_wait(), "reset_offer": self.reset_offer(request)}
        return super().changelist_view(request, {**frame, **(extra_context or {})})
